"""Depreciation, disposals and bills."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_register")]
    operations: list[migrations.operations.base.Operation] = []
