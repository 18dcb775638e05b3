"""Reserved: the shape of the books."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("tokens", "0002_rules")]
    operations: ClassVar[list[migrations.RunSQL]] = []
