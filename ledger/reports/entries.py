"""The entries that a number sums, the newest first: by a cursor, at the same cost on every page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ledger.access import Reader
from ledger.asof import COUNTED, GIVEN, LEGS, PLAIN, Moment, balances
from ledger.chart import CLOSING, RESULT, place_of
from ledger.models import Account, Commodity
from ledger.reading import rows
from ledger.reports.gather import CHOSEN, Scope
from ledger.reports.shape import Rows

PER_PAGE = 50
KEPT = """
    (%(way)s = '' OR (e.amount > 0) = (%(way)s = 'in'))
    AND (%(txn)s = '' OR {t}.kind = %(txn)s)
    AND (%(part)s = '' OR (%(part)s = 'closing') = (
        a.kind = ANY (%(result)s) AND {t}.kind = ANY (%(closing)s)
        AND (a.kind = 'expense' OR (e.amount > 0) = ({t}.kind = %(first_closing)s))))"""
FIELDS = """e.account_id, e.version, e.txn_id, e.amount, e.balance_after, e.recorded_at,
           {t}.effective_at, {t}.kind"""
CURSOR = "(%(before)s::timestamptz, %(recorded)s::timestamptz, %(account)s, %(version)s)"
PAGE = f"""
WITH {GIVEN}, odd AS MATERIALIZED (
    SELECT id, recorded_at, effective_at, kind FROM ledger_transaction
    WHERE effective_at <> recorded_at AND recorded_at <= %(known)s::timestamptz
      AND effective_at >= %(start)s::timestamptz
      AND effective_at <= least(%(last)s::timestamptz, %(before)s::timestamptz)
), plain AS (
    SELECT l.* FROM chosen c JOIN ledger_account a ON a.id = c.id CROSS JOIN LATERAL (
        SELECT {FIELDS.format(t="t")}
        FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.txn_id
        WHERE e.account_id = c.id AND e.recorded_at >= %(start)s::timestamptz
          AND e.recorded_at <= least(%(last)s::timestamptz, %(known)s::timestamptz,
                                     %(before)s::timestamptz)
          AND (e.recorded_at, e.recorded_at, e.account_id, e.version) < {CURSOR}
          AND {PLAIN} AND {KEPT.format(t="t")}
        ORDER BY e.recorded_at DESC, e.version DESC LIMIT %(limit)s) AS l
), other AS (
    SELECT {FIELDS.format(t="o")}
    FROM odd o CROSS JOIN {LEGS}
    JOIN chosen c ON c.id = e.account_id JOIN ledger_account a ON a.id = c.id
    WHERE (o.effective_at, e.recorded_at, e.account_id, e.version) < {CURSOR}
      AND {KEPT.format(t="o")}
)
SELECT * FROM plain UNION ALL SELECT * FROM other
ORDER BY effective_at DESC, recorded_at DESC, account_id DESC, version DESC LIMIT %(limit)s"""
SUMS = f"""
WITH {GIVEN}, {COUNTED}
SELECT coalesce(sum(greatest(e.amount, 0)), 0)::bigint, coalesce(sum(least(e.amount, 0)), 0)::bigint
FROM counted e JOIN ledger_account a ON a.id = e.account_id WHERE {KEPT.format(t="e")}"""
SAME_MOMENT = f"""
WITH {GIVEN}, odd AS MATERIALIZED (
    SELECT id, recorded_at FROM ledger_transaction
    WHERE effective_at <> recorded_at AND effective_at = %(before)s::timestamptz
      AND recorded_at <= %(known)s::timestamptz
), same AS (
    SELECT e.account_id, e.version, e.amount, e.recorded_at
    FROM chosen c JOIN ledger_entry e ON e.account_id = c.id
        AND e.recorded_at = %(before)s::timestamptz AND e.recorded_at <= %(known)s::timestamptz
    JOIN ledger_transaction t ON t.id = e.txn_id WHERE {PLAIN}
    UNION ALL
    SELECT e.account_id, e.version, e.amount, e.recorded_at
    FROM odd o CROSS JOIN {LEGS} JOIN chosen c ON c.id = e.account_id
)
SELECT coalesce(sum(amount), 0)::bigint FROM same
WHERE (recorded_at, account_id, version) >= (%(recorded)s::timestamptz, %(account)s, %(version)s)"""
"""what moved at the very moment of a cursor, from its entry on"""


@dataclass(frozen=True)
class Cursor:
    """The entry after which a page begins: when it counts, when it was recorded, which it is."""

    effective: datetime
    recorded: datetime
    account: int
    version: int

    def __str__(self) -> str:
        times = self.effective.isoformat(), self.recorded.isoformat()
        return "~".join((*times, str(self.account), str(self.version)))

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """The cursor that `str` wrote; raises ValueError."""
        effective, recorded, account, version = text.split("~")
        times = datetime.fromisoformat(effective), datetime.fromisoformat(recorded)
        if None in (times[0].tzinfo, times[1].tzinfo):
            raise ValueError("a cursor needs a timezone")
        return cls(*times, int(account), int(version))


@dataclass(frozen=True)
class Row:
    """One entry; `balance` is that of the account after all that counts up to it, where known."""

    account: Account
    version: int
    txn: int
    kind: str
    amount: int
    effective_at: datetime
    recorded_at: datetime
    balance: int | None = None

    @property
    def cursor(self) -> Cursor:
        """Where the next page begins."""
        return Cursor(self.effective_at, self.recorded_at, self.account.pk, self.version)

    @property
    def late(self) -> bool:
        """Whether it was recorded at another moment than it counts from."""
        return self.effective_at != self.recorded_at


@dataclass(frozen=True)
class Listing:
    """One page of entries, and the sums of all of them, debits positive.

    `opening` and `closing` are what the accounts held; None where only some of their entries are
    listed. `came` and `went` are None where the entries reach back to the beginning and all are
    listed: then the closing balance is their sum.
    """

    accounts: Sequence[int]
    commodity: Commodity | None
    rows: Sequence[Row]
    older: Cursor | None
    opening: int | None = None
    closing: int | None = None
    came: int | None = None
    went: int | None = None


def is_whole(which: Rows) -> bool:
    """Whether all entries of the accounts are meant, so that their balances tell their sum."""
    return not (which.way or which.part or which.txn)


def accounts_of(which: Rows) -> list[int]:
    """The accounts that some rows are of, by id; raises BeforeTheCut."""
    codes = Commodity.objects.filter(code=which.commodity).values_list("pk", flat=True)
    commodities = list(codes) or [0] if which.commodity else []
    scope = Scope(commodities, which.kinds, which.pool, which.accounts)
    found = rows(f"WITH {CHOSEN} SELECT id, kind FROM chosen ORDER BY id", scope.params())
    parted = [pk for pk, kind in found if place_of(kind).contrary] if which.side else []
    held = balances(parted, which.window.closing) if parted else {}
    other = "credit" if which.side == "debit" else "debit"
    left_out = {pk for pk in parted if not held[pk] or (held[pk] > 0) == (other == "debit")}
    return [pk for pk, _kind in found if pk not in left_out]


def listing(which: Rows, before: Cursor | None = None, limit: int = PER_PAGE) -> Listing:
    """One page of entries that count in a window, the newest first; raises BeforeTheCut."""
    ids = accounts_of(which)
    found = _page(which, ids, before, limit + 1)
    page = _with_balances(which, ids, found[:limit], before)
    older = page[-1].cursor if len(found) > limit else None
    return _with_sums(Listing(ids, _commodity(which, ids), page, older), which)


def every_row(which: Rows) -> Iterator[Row]:
    """All entries of a listing, the newest first, read page by page; raises BeforeTheCut."""
    ids, before = accounts_of(which), None
    while True:
        found = _page(which, ids, before, 1000)
        yield from _with_balances(which, ids, found, before)
        if len(found) < 1000:
            return
        before = found[-1].cursor


def _commodity(which: Rows, ids: Sequence[int]) -> Commodity | None:
    """What the accounts count; None where they count several things."""
    if which.commodity:
        return Commodity.objects.filter(code=which.commodity).first()
    found = Commodity.objects.filter(accounts__in=ids).distinct()[:2]
    return found[0] if len(found) == 1 else None


def _page(which: Rows, ids: Sequence[int], before: Cursor | None, limit: int) -> list[Row]:
    found = rows(PAGE, {**_params(which, ids, before), "limit": limit})
    accounts = Account.objects.select_related("commodity").in_bulk({row[0] for row in found})
    return [
        Row(accounts[account], version, txn, kind, amount, effective, recorded)
        for account, version, txn, amount, _after, recorded, effective, kind in found
    ]


def _params(which: Rows, ids: Sequence[int], before: Cursor | None) -> dict[str, Any]:
    return {
        **which.window.params(),
        "accounts": list(ids),
        "way": which.way,
        "txn": which.txn,
        "part": which.part,
        "result": list(RESULT),
        "closing": list(CLOSING),
        "first_closing": CLOSING[0],
        "before": before.effective if before else "infinity",
        "recorded": before.recorded if before else "infinity",
        "account": before.account if before else 0,
        "version": before.version if before else 0,
    }


def _with_balances(
    which: Rows, ids: Sequence[int], found: Sequence[Row], before: Cursor | None
) -> list[Row]:
    """The rows with the balance after each, where they are all of one account."""
    if len(ids) != 1 or not is_whole(which):
        return list(found)
    running, page = _balance_before(which, ids, before), []
    for row in found:
        page.append(replace(row, balance=running))
        running -= row.amount
    return page


def _balance_before(which: Rows, ids: Sequence[int], before: Cursor | None) -> int:
    """What the account holds after the first row of the page that begins below a cursor."""
    if before is None:
        return sum(balances(ids, which.window.closing).values())
    at = Moment(effective=before.effective, known=which.window.known)
    later = rows(SAME_MOMENT, _params(which, ids, before))[0][0]
    return sum(balances(ids, at).values()) - int(later)


def _with_sums(page: Listing, which: Rows) -> Listing:
    if page.commodity is None:
        return page
    window, whole = which.window, is_whole(which)
    if whole:
        opening = sum(balances(page.accounts, window.opening).values()) if window.opening else None
        closing = sum(balances(page.accounts, window.closing).values())
        page = replace(page, opening=opening, closing=closing)
    if whole and window.start is None:
        return page
    came, went = rows(SUMS, _params(which, page.accounts, None))[0]
    return replace(page, came=came, went=went)


def named(row: Row, reader: Reader) -> str:
    """The owner of the account of a row as a reader may see it."""
    return reader.label(row.account.owner)
