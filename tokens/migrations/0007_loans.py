"""Reserved: loans and vouchers."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("tokens", "0006_market")]
    operations: ClassVar[list[migrations.RunSQL]] = []
