"""Sealing in tests: what other tests do at the same time on the same server holds it up."""

from collections.abc import Sequence

from django.db import connection, transaction

from ledger.log.seal import seal
from ledger.reading import rows

WAITING = """
SELECT (SELECT count(*) FROM ledger_transaction) + (SELECT count(*) FROM ledger_document)
     - (SELECT count(*) FROM ledger_leaf)"""


def seal_all() -> int:
    """Seal until nothing waits; returns how many leaves were added."""
    added = 0
    while rows(WAITING)[0][0]:
        added += seal()
    return added


@transaction.atomic
def past_the_triggers(sql: str, params: Sequence[int | str | bytes] = ()) -> None:
    """What the books refuse, done as somebody who has the database in their hands."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
