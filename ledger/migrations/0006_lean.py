"""An account has the indexes that are asked, and no others: issues open them in millions.

The unique owner's index begins with the commodity; and that an entry has its account's commodity
is checked by the trigger of entries, which needs no key over both.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    """Drops two indexes."""

    dependencies: ClassVar = [("ledger", "0005_speed")]
    operations: ClassVar = [
        migrations.AlterField(
            "account",
            "commodity",
            models.ForeignKey("ledger.commodity", PROTECT, related_name="accounts", db_index=False),
        ),
        migrations.RemoveConstraint("account", "ledger_account_commodity"),
    ]
