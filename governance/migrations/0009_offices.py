"""Kept for what is still to come."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0008_sealed")]
    operations: ClassVar = []
