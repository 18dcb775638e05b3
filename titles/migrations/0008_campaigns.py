"""Campaigns for planned assets."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("titles", "0007_papers")]
    operations: list[migrations.operations.base.Operation] = []
