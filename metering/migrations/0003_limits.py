"""Reserved: late usage and allowances."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("metering", "0002_rules")]
    operations: ClassVar[list[migrations.RunSQL]] = []
