"""Reserved: the close."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("tokens", "0003_speed")]
    operations: ClassVar[list[migrations.RunSQL]] = []
