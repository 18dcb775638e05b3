"""The register of physical assets."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial")]
    operations: list[migrations.operations.base.Operation] = []
