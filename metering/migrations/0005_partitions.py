"""Readings by month, payloads that may expire."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("metering", "0004_vouchers")]
    operations: list[object] = []
