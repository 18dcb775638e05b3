"""Which transaction took back or replaced which."""

from collections.abc import Iterable

from ledger.models import Transaction

SOURCE = "correction"
REVERSAL, REPLACEMENT = ":reversal", ":replacement"


def replacements(txns: Iterable[int]) -> dict[int, int]:
    """What was booked in the place of transactions, by number; those that stand are left out."""
    keys = {f"{txn}{REPLACEMENT}": txn for txn in txns}
    found = Transaction.objects.filter(source=SOURCE, key__in=keys)
    return {keys[key]: pk for key, pk in found.values_list("key", "pk")}


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
