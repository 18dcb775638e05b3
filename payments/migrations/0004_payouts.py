"""Payouts, mandates, reminders."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_prepaid")]
    operations: list[migrations.operations.base.Operation] = []
