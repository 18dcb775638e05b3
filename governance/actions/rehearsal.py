"""What an action would book, by doing it and taking it back (decision 0003)."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from tokens.services.close import booked, booked_here, newest_transaction

Booked = list[dict[str, Any]]


def postings(run: Callable[[], object]) -> Booked:
    """The transactions of the books that `run` would write now, as sums by kind of account.

    Amounts are in the smallest unit of their commodity, `of` a kind (money, unit, token). No
    account of a member is named: the list is hashed with the notice and read by everybody. Raises
    what `run` raises.
    """
    with transaction.atomic():
        before = newest_transaction()
        run()
        found = booked(booked_here(before))
        transaction.set_rollback(True)
    return [
        {
            "kind": txn.kind,
            "moves": [
                {
                    "commodity": move.commodity.code,
                    "of": move.commodity.kind,
                    "account": move.account,
                    "amount": move.amount,
                }
                for move in txn.moves
            ],
        }
        for txn in found
    ]
