"""Reserved: late usage and limits."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("tokens", "0004_closing")]
    operations: ClassVar[list[migrations.RunSQL]] = []
