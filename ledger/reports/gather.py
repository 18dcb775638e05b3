"""The sums that reports are made of: one set-based statement each, never a loop over accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from ledger.asof import COUNTED, STATE, Moment, Window
from ledger.chart import CLOSING, POOL
from ledger.models import Commodity
from ledger.reading import rows

CHOSEN = f"""
chosen AS MATERIALIZED (
    SELECT a.id, a.kind, a.owner, a.commodity_id, {POOL} AS pool
    FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id
    WHERE (%(commodities)s::int[] IS NULL OR a.commodity_id = ANY (%(commodities)s))
      AND (%(kinds)s::text[] IS NULL OR a.kind = ANY (%(kinds)s))
      AND (%(ids)s::bigint[] IS NULL OR a.id = ANY (%(ids)s))
      AND (%(pool)s = '' OR {POOL} = %(pool)s)
)"""
HELD = f"""
WITH {CHOSEN}, {STATE}
SELECT c.kind, c.pool, s.amount > 0, sum(s.amount)::bigint
FROM state s JOIN chosen c USING (id) WHERE s.amount <> 0
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
MOVED = f"""
WITH {CHOSEN}, {COUNTED}
SELECT c.kind, c.pool, e.kind, e.amount > 0, sum(e.amount)::bigint
FROM counted e JOIN chosen c ON c.id = e.account_id
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
HOLDERS = f"""
WITH {CHOSEN}, {STATE}
SELECT substring(c.owner FROM 'member/\\d+') AS person, c.kind, c.pool, c.commodity_id,
       sum(s.amount)::bigint, array_agg(c.id ORDER BY c.id), min(c.id)
FROM state s JOIN chosen c USING (id)
WHERE c.owner ~ '(^|/)member/\\d+(/|$)' AND s.amount <> 0
GROUP BY 1, 2, 3, 4"""


@dataclass(frozen=True)
class Scope:
    """Which accounts: of some commodities, kinds, ids, a pool; what is left empty is no limit."""

    commodities: Sequence[int] = ()
    kinds: Sequence[str] = ()
    pool: str = ""
    ids: Sequence[int] = ()

    def params(self) -> dict[str, Any]:
        """What `CHOSEN` needs."""
        return {
            "commodities": list(self.commodities) or None,
            "kinds": list(self.kinds) or None,
            "ids": list(self.ids) or None,
            "pool": self.pool,
        }


@dataclass(frozen=True)
class Held:
    """What the accounts of one kind, pool and side hold together, debits positive."""

    kind: str
    pool: str
    debit: bool
    amount: int


@dataclass(frozen=True)
class Moved:
    """What transactions of one kind brought into, or took out of, one kind of account."""

    kind: str
    pool: str
    txn: str
    amount: int

    @property
    def closes(self) -> bool:
        """Whether these entries close cost accounts, rather than bring income or expense."""
        if self.txn not in CLOSING:
            return False
        closing_debit = self.txn == CLOSING[0]
        return self.kind == "expense" or (self.amount > 0) == closing_debit


@dataclass(frozen=True)
class Holding:
    """What one person holds in the accounts of one kind and pool, and which they are."""

    person: str
    kind: str
    pool: str
    commodity: int
    amount: int
    accounts: tuple[int, ...]


def money() -> Commodity:
    """The cooperative's currency; one that was never used where nothing is booked yet."""
    code = settings.COOP_CURRENCY
    known = Commodity.objects.filter(code=code).first()
    return known or Commodity(pk=0, code=code, kind=Commodity.Kind.MONEY, exponent=2)


def held(scope: Scope, at: Moment) -> list[Held]:
    """What accounts hold at a moment, by kind, pool and side; raises BeforeTheCut."""
    return [Held(*row) for row in rows(HELD, {**scope.params(), **at.params()})]


def moved(scope: Scope, window: Window) -> list[Moved]:
    """What moved, by kind of account, pool and kind of transaction; raises BeforeTheCut."""
    found = rows(MOVED, {**scope.params(), **window.params()})
    return [Moved(kind, pool, txn, amount) for kind, pool, txn, _came, amount in found]


def holdings(scope: Scope, at: Moment) -> list[Holding]:
    """What persons hold, those first whose first account was opened first; raises BeforeTheCut."""
    found = rows(HOLDERS, {**scope.params(), **at.params()})
    first: dict[str, int] = {}
    for row in found:
        first[row[0]] = min(first.get(row[0], row[6]), row[6])
    ordered = sorted(found, key=lambda row: (first[row[0]], row[2], row[1]))
    return [
        Holding(person, kind, pool, commodity, amount, tuple(accounts))
        for person, kind, pool, commodity, amount, accounts, _first in ordered
    ]


def total(amounts: Iterable[Held | Moved]) -> int:
    """The sum of amounts, debits positive."""
    return sum(one.amount for one in amounts)
