"""Orders that go to the bank."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial"), ("payments", "0004_payouts")]
    operations: list[migrations.operations.base.Operation] = []
