"""Named reads of the books."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Sum, When, Window
from django.db.models.functions import RowNumber

from ledger.models import Account, Balance, Carried, Commodity, Cut, Entry, Transaction

RANK = Case(When(kind="money", then=0), When(kind="unit", then=1), default=2)
"""Commodities in the order of a balance sheet: money, units, tokens."""


def account_id(commodity: str, kind: str, owner: str = "") -> int | None:
    """The id of an account, or None where it was never opened."""
    return (
        Account.objects.filter(commodity__code=commodity, kind=kind, owner=owner)
        .values_list("pk", flat=True)
        .first()
    )


def balance(commodity: str, kind: str, owner: str = "") -> int:
    """The balance of an account by its name; 0 where it was never opened."""
    amount = (
        Balance.objects.filter(
            account__commodity__code=commodity, account__kind=kind, account__owner=owner
        )
        .values_list("amount", flat=True)
        .first()
    )
    return amount or 0


def balance_of(account: int) -> int:
    """The balance of an account by its id; raises Balance.DoesNotExist."""
    return Balance.objects.values_list("amount", flat=True).get(account_id=account)


def accounts() -> QuerySet[Account]:
    """Every account with its commodity and balance.

    Within a kind in the order of opening: the order of owners would tell who is who.
    """
    return Account.objects.select_related("commodity", "balance").order_by(
        "commodity__kind", "commodity__code", "kind", "pk"
    )


def entries_of(account: int) -> QuerySet[Entry]:
    """The entries of an account, newest first, each with its transaction."""
    return (
        Entry.objects.filter(account_id=account)
        .select_related("txn", "account__commodity")
        .order_by("-recorded_at", "-version")
    )


IN_TIME = ("recorded_at", "version")
"""What the entries of an account are in the order of."""


def carried_forward(account: int) -> tuple[datetime, int] | None:
    """The cut before which the entries of an account were put away, and its balance then.

    None where it had none before the last cut, or where they are here again.
    """
    carried = Carried.objects.filter(account_id=account).first()
    cut = Cut.objects.order_by("-through").first() if carried else None
    if carried is None or cut is None:
        return None
    here = Entry.objects.filter(account_id=account, recorded_at__lt=cut.through)
    return None if here.exists() else (cut.through, carried.amount)


def transaction(txn_id: int) -> Transaction:
    """A transaction; raises Transaction.DoesNotExist."""
    return Transaction.objects.select_related("reverses", "reversed_by").get(pk=txn_id)


def transactions(kind: str = "") -> QuerySet[Transaction]:
    """The transactions of a kind, newest first; every one where the kind is "".

    "reversal" gives every reversal, and a minus before a kind all but that kind.
    """
    rows = Transaction.objects.select_related("reversed_by").order_by("-id")
    if kind == "reversal":
        return rows.exclude(reverses=None)
    if kind.startswith("-"):
        return rows.exclude(kind=kind[1:])
    return rows.filter(kind=kind) if kind else rows


def entries_in(txn_id: int) -> QuerySet[Entry]:
    """The entries of a transaction with their accounts, by commodity, numbered from 1.

    Asks at once for the moment of it: given that, PostgreSQL plans for one month of entries only.
    """
    moment = list(Transaction.objects.filter(pk=txn_id).values_list("recorded_at", flat=True))
    return (
        Entry.objects.filter(txn_id=txn_id, recorded_at__in=moment)
        .select_related("account__commodity")
        .annotate(line=Window(RowNumber(), order_by=[F("commodity_id"), F("account_id")]))
        .order_by("commodity_id", "account_id", "version")
    )


def owners_in(txns: Iterable[int]) -> dict[int, set[str]]:
    """The owners of the accounts that each of some transactions moved."""
    owners: dict[int, set[str]] = {txn: set() for txn in txns}
    listed = Transaction.objects.filter(pk__in=list(owners))
    between = listed.aggregate(first=Min("recorded_at"), last=Max("recorded_at"))
    rows = Entry.objects.filter(
        txn__in=list(owners), recorded_at__range=(between["first"], between["last"])
    )
    for txn, owner in rows.values_list("txn_id", "account__owner").distinct():
        owners[txn].add(owner)
    return owners


def commodity_totals() -> QuerySet[Commodity]:
    """Every commodity with its number of accounts, what its accounts hold, and their sum.

    Money first, then units, then tokens, the newest first.

    `held` adds the positive balances; `total` adds all of them and is 0 in sound books.
    """
    amount = F("accounts__balance__amount")
    held = Sum(amount, filter=Q(accounts__balance__amount__gt=0), default=0)
    return (
        Commodity.objects.annotate(
            opened=Count("accounts"), held=held, total=Sum(amount, default=0)
        )
        .filter(opened__gt=0)
        .order_by(RANK, "-pk")
    )


def accounts_in(commodity: int) -> QuerySet[Account]:
    """The accounts of one commodity with their balances."""
    return accounts().filter(commodity_id=commodity)
