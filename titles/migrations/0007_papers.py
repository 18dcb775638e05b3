"""Papers, import and export of the register."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("titles", "0006_exit")]
    operations: list[migrations.operations.base.Operation] = []
