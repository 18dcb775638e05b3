"""The books at a moment, of either time: what counted by then, and what was known by then.

Every transaction has two times: `effective_at`, when it counts, and `recorded_at`, when we knew.
For nearly all of them they are one and the same, so an account's balance by a moment is the
balance after its last entry recorded by then (one seek in an index, however long the history),
corrected by the few transactions whose two times differ and lie on either side of the moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from ledger import partitions
from ledger.errors import DomainError
from ledger.models import Cut
from ledger.reading import rows

TICK = timedelta(microseconds=1)

LEGS = """LATERAL (
    SELECT account_id, version, txn_id, amount, balance_after, recorded_at FROM ledger_entry e
    WHERE e.txn_id = o.id AND e.recorded_at = o.recorded_at OFFSET 0) AS e"""
"""SQL: the entries of one transaction o; OFFSET keeps the planner from reading all entries."""

LAST = """(
    SELECT e.balance_after FROM ledger_entry e
    WHERE e.account_id = c.id AND e.recorded_at <= %(base)s::timestamptz
      AND e.recorded_at {} %(first)s::timestamptz
    ORDER BY e.recorded_at DESC, e.version DESC LIMIT 1)"""
"""SQL: the balance after the last entry by a moment. Between two limits that months of their own
fill, PostgreSQL goes back month by month and stops at the first entry; else it looks into all."""

STATE = f"""
stood AS (
    SELECT c.id, coalesce(CASE WHEN b.recorded_at <= %(base)s::timestamptz THEN b.amount ELSE
        coalesce({LAST.format(">=")}, {LAST.format("<")},
                 (SELECT k.amount FROM ledger_carried k WHERE k.account_id = c.id)) END,
        0) AS amount
    FROM chosen c JOIN ledger_balance b ON b.account_id = c.id
), late AS MATERIALIZED (
    SELECT id, recorded_at, 1 AS sign FROM ledger_transaction
    WHERE effective_at <> recorded_at AND effective_at <= %(effective)s::timestamptz
      AND recorded_at > %(base)s::timestamptz AND recorded_at <= %(known)s::timestamptz
    UNION ALL
    SELECT id, recorded_at, -1 FROM ledger_transaction
    WHERE effective_at <> recorded_at AND effective_at > %(effective)s::timestamptz
      AND recorded_at <= %(base)s::timestamptz
), shifted AS (
    SELECT e.account_id AS id, sum(o.sign * e.amount::numeric) AS amount
    FROM late o CROSS JOIN {LEGS}
    WHERE e.account_id IN (SELECT id FROM chosen) GROUP BY e.account_id
), state AS (
    SELECT id, s.amount + coalesce(m.amount, 0) AS amount
    FROM stood s LEFT JOIN shifted m USING (id)
)"""
"""SQL: what each account of the CTE `chosen` (id) holds at a Moment, as CTE `state`; numeric: no
floor nor the size of a balance binds what counts apart from what came before and after it."""

PLAIN = "CASE WHEN t.effective_at = t.recorded_at THEN true ELSE false END"
"""SQL: whether the two times of a transaction t are one, as they are of nearly all: the planner,
which takes the bare comparison for rare, must not see it."""

COUNTED = f"""
odd AS MATERIALIZED (
    SELECT id, recorded_at, effective_at, kind FROM ledger_transaction
    WHERE NOT %(by_recorded)s AND effective_at <> recorded_at
      AND effective_at >= %(start)s::timestamptz AND effective_at <= %(last)s::timestamptz
      AND recorded_at <= %(known)s::timestamptz
), counted AS (
    SELECT e.account_id, e.version, e.txn_id, e.amount, e.balance_after, e.recorded_at,
           t.effective_at, t.kind
    FROM chosen c
    JOIN ledger_entry e ON e.account_id = c.id AND e.recorded_at >= %(start)s::timestamptz
        AND e.recorded_at <= least(%(last)s::timestamptz, %(known)s::timestamptz)
    JOIN ledger_transaction t ON t.id = e.txn_id AND t.recorded_at >= %(start)s::timestamptz
        AND t.recorded_at <= least(%(last)s::timestamptz, %(known)s::timestamptz)
    WHERE %(by_recorded)s OR {PLAIN}
    UNION ALL
    SELECT e.account_id, e.version, e.txn_id, e.amount, e.balance_after, e.recorded_at,
           o.effective_at, o.kind
    FROM odd o CROSS JOIN {LEGS} JOIN chosen c ON c.id = e.account_id
)"""
"""SQL: the entries of the accounts in `chosen` (id) that count in a Window, as CTE `counted`."""

GIVEN = "chosen AS (SELECT unnest(%(accounts)s::bigint[]) AS id)"


class BeforeTheCut(DomainError):
    """The entries of that time were detached: the archive has them, this database does not."""

    code = "before_the_cut"
    text = _("The entries of that time are no longer kept here. The archive has them.")


@dataclass(frozen=True)
class Moment:
    """A point in both times, each inclusive: what counts by `effective`, as known by `known`.

    None stands for no limit: all that was ever recorded, or whatever moment it counts from.
    """

    effective: datetime | None = None
    known: datetime | None = None

    def params(self) -> dict[str, Any]:
        """What `STATE` needs; raises BeforeTheCut."""
        limits = [moment for moment in (self.effective, self.known) if moment is not None]
        base = min(limits, default=None)
        require_kept(base)
        return {
            "base": base or "infinity",
            "first": partitions.first_kept(),
            "effective": self.effective or "infinity",
            "known": self.known or "infinity",
        }


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time [start, end), as known by `known` (inclusive).

    By `effective_at`; with `by_recorded` by `recorded_at`. A start or end of None is open.
    """

    start: datetime | None = None
    end: datetime | None = None
    known: datetime | None = None
    by_recorded: bool = False

    @property
    def opening(self) -> Moment | None:
        """The moment before the first of it; None where it reaches back to the beginning."""
        return None if self.start is None else self._at(self.start - TICK)

    @property
    def closing(self) -> Moment:
        """The last moment of it."""
        return self._at(None if self.end is None else self.end - TICK)

    def _at(self, moment: datetime | None) -> Moment:
        if not self.by_recorded:
            return Moment(effective=moment, known=self.known)
        limits = [limit for limit in (moment, self.known) if limit is not None]
        return Moment(known=min(limits, default=None))

    def params(self) -> dict[str, Any]:
        """What `COUNTED` needs; raises BeforeTheCut."""
        require_kept(self.start)
        return {
            "start": self.start or "-infinity",
            "last": "infinity" if self.end is None else self.end - TICK,
            "known": self.known or "infinity",
            "by_recorded": self.by_recorded,
        }


@dataclass(frozen=True)
class Movement:
    """What came into an account (positive) and went out of it (negative)."""

    came: int = 0
    went: int = 0

    @property
    def net(self) -> int:
        """The change of the balance."""
        return self.came + self.went


def require_kept(moment: datetime | None) -> None:
    """Refuse a moment before the last cut: its entries were detached. Raises BeforeTheCut."""
    if moment is not None and Cut.objects.filter(through__gt=moment).exists():
        raise BeforeTheCut


def balances(accounts: Sequence[int], at: Moment) -> dict[int, int]:
    """What accounts hold at a moment, by id; accounts that do not exist are left out.

    One seek per account, no sum over its history. Raises BeforeTheCut.
    """
    sql = f"WITH {GIVEN}, {STATE} SELECT id, amount FROM state"
    found = rows(sql, {"accounts": list(accounts), **at.params()})
    return {account: int(amount) for account, amount in found}


def balance(account: int, at: Moment) -> int:
    """What one account holds at a moment; 0 where it does not exist. Raises BeforeTheCut."""
    return balances([account], at).get(account, 0)


def movements(accounts: Sequence[int], window: Window) -> dict[int, Movement]:
    """What moved through accounts in a stretch of time, by id; those at rest are left out.

    Its cost is that of the entries in the stretch. Raises BeforeTheCut.
    """
    if window.start is None and Cut.objects.exists():
        raise BeforeTheCut
    sql = (
        f"WITH {GIVEN}, {COUNTED} SELECT account_id, sum(greatest(amount, 0)),"
        " sum(least(amount, 0)) FROM counted GROUP BY account_id"
    )
    found = rows(sql, {"accounts": list(accounts), **window.params()})
    return {account: Movement(int(came), int(went)) for account, came, went in found}
