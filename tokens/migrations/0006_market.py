"""Reserved: the market."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("tokens", "0005_rating")]
    operations: ClassVar[list[migrations.RunSQL]] = []
