"""States of nodes, quarantine, rotation, revocation."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("metering", "0005_partitions")]
    operations: list[object] = []
