"""What lists of transactions need to stay as fast as they are, however long the history grows.

Rated usage is by far the most frequent kind: going back along the ids soon finds enough of it, and
soon enough of everything else together. Any other kind on its own may lie far back.
"""

from django.db import migrations

KINDS = """
CREATE INDEX ledger_transaction_kind ON ledger_transaction (kind, id)
WHERE kind <> 'usage rated'
"""


class Migration(migrations.Migration):
    """Makes the index."""

    dependencies = [("ledger", "0003_two_times")]
    operations = [migrations.RunSQL(KINDS, reverse_sql="DROP INDEX ledger_transaction_kind")]
