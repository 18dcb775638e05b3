"""Transfers, reservations, the cap."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("titles", "0004_chain_rules")]
    operations: list[migrations.operations.base.Operation] = []
