"""Links between nodes, countersigned use, storage challenges."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("metering", "0006_trust")]
    operations: list[object] = []
