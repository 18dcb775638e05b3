"""Reserved: vouchers that nodes honoured."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies: ClassVar = [("metering", "0003_limits")]
    operations: ClassVar[list[migrations.RunSQL]] = []
