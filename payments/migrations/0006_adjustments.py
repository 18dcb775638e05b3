"""Reserved: lines for late usage."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("payments", "0005_campaigns")]
    operations: ClassVar[list[migrations.RunSQL]] = []
