"""What the pages of the fleet need."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("metering", "0007_links")]
    operations: list[object] = []
