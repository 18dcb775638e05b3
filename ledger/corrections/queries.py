"""Which transaction took back or replaced which."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Min

from ledger.models import Transaction

SOURCE = "correction"
REVERSAL, REPLACEMENT = ":reversal", ":replacement"


def replacements(txns: Iterable[int]) -> dict[int, int]:
    """What was booked in the place of transactions, by number; those that stand are left out."""
    keys = {f"{txn}{REPLACEMENT}": txn for txn in txns}
    found = Transaction.objects.filter(source=SOURCE, key__in=keys)
    return {keys[key]: pk for key, pk in found.values_list("key", "pk")}


def began() -> datetime | None:
    """The earliest moment from which anything in the books counts; None where they are empty.

    Nearly all transactions count when they were recorded: of those the first one tells, and the
    others have an index of their own.
    """
    first = Transaction.objects.order_by("pk").values_list("effective_at", flat=True).first()
    others = Transaction.objects.exclude(effective_at=F("recorded_at"))
    other: datetime | None = others.aggregate(at=Min("effective_at"))["at"]
    return min(filter(None, (first, other)), default=None)


def replaced_by(txn: Transaction) -> int | None:
    """The number of what was booked in a transaction's place."""
    return replacements([txn.pk]).get(txn.pk)


def replaces(txn: Transaction) -> int | None:
    """The number of the transaction in whose place this one was booked."""
    if txn.source != SOURCE or not txn.key.endswith(REPLACEMENT):
        return None
    return int(txn.key.removesuffix(REPLACEMENT))


def reversed_by(txn: Transaction) -> int | None:
    """The number of the transaction that took this one back."""
    found: Transaction | None = getattr(txn, "reversed_by", None)
    return None if found is None else found.pk
