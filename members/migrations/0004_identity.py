"""Members' keys, vouching, erasure."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("members", "0003_lifecycle")]
    operations: list[migrations.operations.base.Operation] = []
