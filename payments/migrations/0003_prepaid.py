"""Prepaid balances and where a payment came from."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_rules")]
    operations: list[migrations.operations.base.Operation] = []
