"""The life of a membership."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("members", "0002_rules")]
    operations: list[migrations.operations.base.Operation] = []
