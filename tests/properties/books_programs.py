"""Random programs that work on the same books at once, and what must be true of what they saw.

Each program notes every call: what it asked for, what it was told, and the order of beginnings
and ends among all programs. What it does to accounts of its own it judges itself, beforehand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from ledger.asof import Moment, balances
from ledger.errors import (
    AlreadyReversed,
    AmountTooLarge,
    InsufficientBalance,
    KeyConflict,
    NotTheOpposite,
    Unbalanced,
    UnknownAccount,
)
from ledger.log import seal, tree
from ledger.models import Transaction
from ledger.reading import rows
from ledger.services import (
    Leg,
    Posting,
    merge,
    open_account,
    post,
    post_many,
    post_set,
    record_documents,
    reverse,
)
from signing import merkle
from tests.properties.books_checks import Head
from tests.properties.books_model import Books, Place, opposite

NOBODY = 10**12
FLOORS = {"EUR": [None, None, 0, 0, 0, -50], "token:x": [None, 0, 0]}
DEADLOCK = "40P01"
VERSIONS = "SELECT account_id, version FROM ledger_balance"
RECORDED = "SELECT id, recorded_at FROM ledger_transaction WHERE id = ANY (%s)"
PICTURE = """
SELECT a.id, b.amount, b.version, b.recorded_at, count(e.account_id)
FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
LEFT JOIN ledger_entry e ON e.account_id = a.id
WHERE a.id = ANY (%s) GROUP BY a.id, b.account_id ORDER BY a.id"""
SUMS = """
SELECT c.code, sum(b.amount), bool_or(b.amount < b.floor) FROM ledger_balance b
JOIN ledger_account a ON a.id = b.account_id JOIN ledger_commodity c ON c.id = a.commodity_id
GROUP BY c.code"""
SOON = "SELECT set_config('deadlock_timeout', '20ms', false)"
LEGS = """
SELECT * FROM unnest(%(n)s::int[], %(account)s::bigint[], %(amount)s::numeric[])
    AS l(n, account, amount)"""


class Undone(Exception):
    """Somebody thinks better of it."""


@dataclass(frozen=True)
class Call:
    """One call and its answer; `begin` and `end` are places in the order of all such events.

    `before` and `after` are the versions of the accounts around a call that was refused.
    """

    postings: list[Posting]
    begin: int
    end: int
    ids: list[int | None] = field(default_factory=list)
    error: Exception | None = None
    before: dict[int, int] = field(default_factory=dict)
    after: dict[int, int] = field(default_factory=dict)


@dataclass
class Town:
    """What all programs share."""

    places: dict[int, Place]
    calls: list[Call] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    digests: set[bytes] = field(default_factory=set)
    has_long_business: bool = False
    ticks: Any = field(default_factory=count)

    def of(self, code: str, owner: str) -> list[int]:
        """The accounts of an owner in a commodity."""
        return [p.id for p in self.places.values() if (p.commodity, p.owner) == (code, owner)]


def found_town(programs: int, *, has_long_business: bool) -> Town:
    """Shared accounts with a little in them, and two accounts for each program alone."""
    town = Town({}, has_long_business=has_long_business)
    for code, floors in FLOORS.items():
        for number, floor in enumerate(floors):
            add(town, code, f"kind {number}", "shared", floor)
    for program in range(programs):
        add(town, "EUR", "purse", f"program {program}", 0)
        add(town, "EUR", "source", f"program {program}", None)
    legs = [Leg(account, 90) for code in FLOORS for account in town.of(code, "shared")[1:]]
    firsts = [town.of(code, "shared")[0] for code in FLOORS]
    legs += [Leg(a, -90 * (len(FLOORS[c]) - 1)) for a, c in zip(firsts, FLOORS, strict=True)]
    first = Posting("town", "first", "given", legs)
    town.calls.append(Call([first], next(town.ticks), next(town.ticks), [post(first)]))
    return town


def add(town: Town, code: str, kind: str, owner: str, floor: int | None) -> int:
    """An account, opened now or earlier."""
    account = open_account(commodity=code, kind=kind, owner=owner, floor=floor)
    town.places.setdefault(account, Place(account, code, kind, owner, floor))
    return account


@dataclass
class Program:
    """One thread's work: `steps` operations drawn from a seed."""

    town: Town
    number: int
    seed: int
    steps: int

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.seed} {self.number}")
        self.name = f"program {self.number}"
        self.turn = self.refused = 0
        self.own = Books({a: self.town.places[a] for a in self.town.of("EUR", self.name)})

    def __call__(self) -> Books:
        """All of it; gives the books of its own accounts."""
        rows(SOON)
        many = [self.share] * 6 + [self.own_business] * 5 + [self.share_many] * 4
        some = [self.take_back, self.seal] * 3 + [self.share_by_query, self.look] * 2
        long = [self.long_business] * 3 if self.town.has_long_business else []
        work = [*many, *some, *long, self.open, self.sign]
        plan = self.chance.choices(work, k=self.steps)
        for self.turn, step in enumerate(plan):
            step()
        return self.own

    def posting(self) -> Posting:
        """Something among the shared accounts; now and then a key that others use too."""
        if self.chance.random() < 0.35:
            return self.hot_posting(self.chance.randrange(25))
        return self.fill(self.chance, self.name, f"{self.turn}.{self.chance.random()}")

    def hot_posting(self, number: int) -> Posting:
        """The same for all that draw the number, except for those who have it wrong."""
        posting = self.fill(Random(f"{self.seed} hot {number}"), "hot", str(number))
        if self.chance.random() < 0.15:
            return Posting(**{**vars(posting), "about": self.name})
        return posting

    def fill(self, chance: Random, source: str, key: str) -> Posting:
        legs = [leg for _ in range(chance.choice([1, 1, 1, 2, 3])) for leg in self.pair(chance)]
        first = legs[0]
        odd = {1: [Leg(NOBODY, 0)], 2: [Leg(first.account_id, 1)], 3: [Leg(first.account_id, 0)]}
        legs = (merge(legs) if chance.random() < 0.6 else legs) + odd.get(chance.randrange(25), [])
        days = chance.choice([None, None, None, -40, -1, 2])
        moment = None if days is None else timezone.now() + timedelta(days=days)
        if source == "hot" and moment is not None:  # the same for all
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=int(key))
        return Posting(source, key, "trade", legs, "a stall", self.name[:7], "", moment)

    def pair(self, chance: Random) -> list[Leg]:
        code = chance.choice(["EUR", "EUR", "token:x"])
        left, right = chance.sample(self.town.of(code, "shared"), 2)
        amount = chance.choice([*[chance.randint(1, 40)] * 40, 2**63 - 5, 2**63])
        return [Leg(left, -amount), Leg(right, amount)]

    def call(
        self, postings: list[Posting], act: Callable[[], Sequence[int | None]]
    ) -> Sequence[int | None] | None:
        """One call and its answer, noted for later; None where it was refused."""
        before, begin = dict(rows(VERSIONS)), next(self.town.ticks)
        try:
            ids = transaction.atomic(act)()
        except (*JUDGED, OperationalError) as error:
            end = next(self.town.ticks)
            done = Call(postings, begin, end, [], error, before, dict(rows(VERSIONS)))
            self.town.calls.append(done)
            return None
        self.town.calls.append(Call(postings, begin, next(self.town.ticks), list(ids)))
        return ids

    def share(self) -> None:
        """One transaction among the shared accounts."""
        posting = self.posting()
        self.call([posting], lambda: [post(posting)])

    def share_many(self) -> None:
        """A batch of them, all or none."""
        postings = [self.posting() for _ in range(self.chance.randint(2, 4))]
        self.call(postings, lambda: post_many(postings))

    def share_by_query(self) -> None:
        """A batch whose legs come from a query."""
        postings = [self.posting() for _ in range(self.chance.randint(1, 3))]
        self.call(postings, lambda: post_from(postings))

    def take_back(self) -> None:
        """A reversal of anything that anybody was told is booked."""
        known = [(p, i) for call in self.town.calls[-40:]
                 for p, i in zip(call.postings, call.ids, strict=False) if i]  # fmt: skip
        known = [(p, i) for p, i in known if not p.source.startswith("own")]
        if not known:
            return
        original, txn = self.chance.choice(known)
        source, key = self.chance.choice(["back", f"back by {self.name}"]), str(txn)
        effective = Transaction.objects.get(pk=txn).effective_at
        posting = opposite(original, txn, effective, source=source, key=key)
        self.call(
            [posting],
            lambda: [reverse(txn_id=txn, source=source, key=key, actor=None, memo="wrong")],
        )

    def long_business(self) -> None:
        """Several postings in one database transaction, some refused; now and then undone."""
        postings = [self.posting() for _ in range(self.chance.randint(2, 4))]
        taken: list[tuple[Posting, int]] = []
        begin = next(self.town.ticks)
        try:
            with transaction.atomic():
                for posting in postings:
                    self.try_one(posting, taken)
                    rows("SELECT pg_sleep(%s)", [self.chance.random() / 100])
                if self.chance.random() < 0.3:
                    raise Undone
        except Undone:
            return
        except OperationalError as error:
            if not is_deadlock(error):
                raise
            return
        done = [posting for posting, _ in taken]
        ids: list[int | None] = [txn for _, txn in taken]
        self.town.calls.append(Call(done, begin, next(self.town.ticks), ids))

    def try_one(self, posting: Posting, taken: list[tuple[Posting, int]]) -> None:
        try:
            taken.append((posting, post(posting)))
        except JUDGED:
            self.refused += 1

    def own_business(self) -> None:
        """On accounts that nobody else uses the model says beforehand what must come."""
        purse, source = self.own.places
        amount = self.chance.randint(-15, 20)
        key = str(self.chance.randrange(40))
        legs = [Leg(purse, amount), Leg(source, -amount + (self.chance.random() < 0.1))]
        posting = Posting(f"own {self.name}", key, "saving", legs)
        known = self.own.ids.get((posting.source, key))
        if known and self.chance.random() < 0.5:
            posting = self.own.booked[known].posting
        reasons = self.own.reasons([posting])
        before = rows(PICTURE, [list(self.own.places)])
        ids = self.call_own(posting, reasons)
        if ids is None:
            assert rows(PICTURE, [list(self.own.places)]) == before
        else:
            self.take_own(posting, ids)

    def call_own(self, posting: Posting, reasons: set[type[Exception]]) -> list[int] | None:
        begin = next(self.town.ticks)
        try:
            ids = [post(posting)]
        except Exception as error:
            if type(error) not in reasons:
                raise
            return None
        assert not reasons, f"{posting} should have been refused: {reasons}"
        self.town.calls.append(Call([posting], begin, next(self.town.ticks), list(ids)))
        return ids

    def take_own(self, posting: Posting, ids: list[int]) -> None:
        if (posting.source, posting.key) in self.own.ids:
            assert self.own.ids[posting.source, posting.key] == ids[0]
        else:
            self.own.book(posting, ids[0], dict(rows(RECORDED, [ids]))[ids[0]])

    def seal(self) -> None:
        """A chunk, and a look whether the newest head continues one seen before."""
        seal.seal_chunk()
        head = tree.newest()
        if head is None:
            return
        seen = head.size, bytes(head.root)
        self.town.heads.append(seen)
        old = self.chance.choice([h for h in self.town.heads if h[0] <= seen[0]])
        shown = tree.consistency(old[0], seen[0])
        merkle.verify_consistency(*old, *seen, shown)

    def look(self) -> None:
        """Whoever reads at any time reads books that balance, now and at any moment."""
        for code, total, is_below in rows(SUMS):
            assert (total, is_below or False) == (0, False), code
        days = self.chance.choice([None, -30, 0, 1])
        moment = None if days is None else timezone.now() + timedelta(days=days)
        known = timezone.now() if self.chance.random() < 0.5 else None
        for code in FLOORS:
            held = balances(self.town.of(code, "shared"), Moment(effective=moment, known=known))
            assert sum(held.values()) == 0, code

    def open(self) -> None:
        """The same accounts are asked for by several; whoever is first opens them."""
        kind = f"kind {self.chance.randrange(len(FLOORS['EUR']))}"
        account = open_account(commodity="EUR", kind=kind, owner="shared", floor=-1)
        assert account in self.town.places
        late = f"late {self.chance.randrange(5)}"
        self.town.places.setdefault(*late_place(late))

    def sign(self) -> None:
        """A document, perhaps one that another signs at the same time."""
        digest = sha256(str(self.chance.randrange(12)).encode()).digest()
        record_documents([("title", digest)])
        self.town.digests.add(digest)


JUDGED = (
    InsufficientBalance, AmountTooLarge, KeyConflict, Unbalanced, UnknownAccount,
    AlreadyReversed, NotTheOpposite,
)  # fmt: skip


def late_place(kind: str) -> tuple[int, Place]:
    """An account that is opened while others work."""
    account = open_account(commodity="EUR", kind=kind, owner="late", floor=0)
    return account, Place(account, "EUR", kind, "late", 0)


def post_from(postings: Sequence[Posting]) -> list[int | None]:
    """The same postings, with their legs out of a query."""
    legs = [(n, leg) for n, posting in enumerate(postings, 1) for leg in posting.legs]
    params = {
        "n": [n for n, _ in legs],
        "account": [leg.account_id for _, leg in legs],
        "amount": [leg.amount for _, leg in legs],
    }
    return post_set(postings, legs=LEGS, params=params)


def is_deadlock(error: Exception) -> bool:
    """Whether PostgreSQL chose this one to give way: nothing was booked, it may be repeated."""
    return getattr(error.__cause__, "sqlstate", None) == DEADLOCK
