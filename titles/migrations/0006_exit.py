"""Redemption, sell-down, contributions in kind."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("titles", "0005_moves")]
    operations: list[migrations.operations.base.Operation] = []
