"""An index of the few transactions whose two times differ: all that a balance at a moment needs.

Partial, so that the many whose times are one cost nothing; ledger/asof.py reads it.
"""

from django.db import migrations

INDEX = """
CREATE INDEX ledger_transaction_two_times ON ledger_transaction (effective_at, recorded_at)
    WHERE effective_at <> recorded_at;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_rules")]
    operations = [migrations.RunSQL(INDEX, "DROP INDEX ledger_transaction_two_times")]
