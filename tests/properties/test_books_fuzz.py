"""Whatever is asked of the books, rightly or wrongly, they stay what a plain replay says.

First one connection, where the model says beforehand what must be booked and what refused; then
several at once, where what was acknowledged is replayed in the order of the log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from itertools import count
from random import Random, SystemRandom
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.asof import Moment, balances
from ledger.errors import AmountTooLarge
from ledger.invariants import INVARIANTS as OF_BOOKS
from ledger.log import seal, tree
from ledger.log.invariants import INVARIANTS as OF_LOG
from ledger.reading import rows
from ledger.services import (
    Leg,
    Posting,
    ensure_commodity,
    merge,
    open_account,
    post,
    post_many,
    record_documents,
    reverse,
)
from tests.at_once import run_at_once
from tests.properties.books_checks import (
    Head,
    assert_balances,
    assert_floors,
    assert_log,
    assert_moments,
    assert_rows,
)
from tests.properties.books_judge import judge
from tests.properties.books_model import Books, Place, Refusals
from tests.properties.books_programs import Program, found_town, post_from
from tests.properties.books_tree import KINDS

pytestmark = pytest.mark.django_db(transaction=True)
PROGRAMS, STEPS = 6, 150
NOBODY = 10**12
"""the id of an account that does not exist"""
HUGE = [2**62, 2**63 - 1, 2**63, 10**25]
FLOORS = [None, None, 0, 0, -50]
CODES = sorted(KINDS)
BASE = datetime(2026, 11, 22, tzinfo=UTC)
PICTURE = """
SELECT (SELECT count(*) FROM ledger_transaction), (SELECT count(*) FROM ledger_entry),
       (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_document),
       (SELECT md5(string_agg(b::text, ',' ORDER BY account_id)) FROM ledger_balance b)"""
RECORDED = "SELECT id, recorded_at FROM ledger_transaction WHERE id = ANY (%s)"


@dataclass(frozen=True)
class Draft:
    """A posting before it is known which accounts there are."""

    number: int
    kind: str
    about: str
    moves: list[tuple[int, int, int, int]]
    oddity: str
    effective_at: datetime | None
    is_tidy: bool


small = st.integers(1, 30)
amounts = st.one_of(*[small] * 12, st.integers(-9, 0), st.sampled_from(HUGE))
sides = st.integers(0, len(FLOORS) - 1)
times = st.none() | st.integers(-(10**7), 10**7).map(lambda s: BASE + timedelta(seconds=s))
drafts = st.builds(
    Draft,
    number=st.integers(0, 60),
    kind=st.sampled_from(["payment", "correction", "é\x1f☃"]),
    about=st.sampled_from(["", "a thing"]),
    moves=st.lists(st.tuples(st.integers(0, 1), sides, sides, amounts), min_size=1, max_size=3),
    oddity=st.sampled_from([*[""] * 18, "stray", "unknown", "zero", "across", "nothing", "astray"]),
    effective_at=times,
    is_tidy=st.booleans(),
)
picks = st.integers(0, 10**6)
SAME = ("as it is", "memo", "order", "zeros", "zone")
OTHER = ("kind", "about", "time", "amounts", "reverses")


def varied(posting: Posting, how: str) -> Posting:
    """The same posting as it may come again, or with its key on other content."""
    legs = list(posting.legs)
    moment = posting.effective_at
    changes: dict[str, Any] = {
        "memo": {"memo": "again", "actor": "user/7"},
        "order": {"legs": legs[::-1]},
        "zeros": {"legs": [*legs, Leg(legs[0].account_id, 0)]},
        "zone": {"effective_at": moment and moment.astimezone(timezone(timedelta(hours=9)))},
        "kind": {"kind": "other"},
        "about": {"about": "another thing"},
        "time": {"effective_at": BASE + timedelta(microseconds=1)},
        "amounts": {"legs": [Leg(leg.account_id, -leg.amount) for leg in legs]},
        "reverses": {"reverses": NOBODY},
    }
    return replace(posting, **changes.get(how, {}))


class Booking(RuleBasedStateMachine):
    """One connection: the model says what must come of each call."""

    books: Books
    digests: set[bytes]
    runs: Any

    @initialize()
    def begin(self) -> None:
        """Accounts of its own, in the database of those before it."""
        self.run = next(self.runs)
        self.accounts: list[int] = []
        self.booked: list[int] = []
        self.heads: list[Head] = []
        for number, floor in enumerate(FLOORS * len(CODES)):
            self.open(CODES[number // len(FLOORS)], f"account {number}", floor)
        legs = [leg for c in (0, 1) for right in (2, 3, 4) for leg in self.legs(c, 0, right, 90)]
        posting = Posting(f"run {self.run}", "first", "given", merge(legs))
        self.attempt([posting], lambda: [post(posting)], reasons=set())

    def open(self, code: str, kind: str, floor: int | None) -> int:
        owner = f"run/{self.run}"
        account = open_account(commodity=code, kind=kind, owner=owner, floor=floor)
        if account not in self.books.places:
            self.books.places[account] = Place(account, code, kind, owner, floor)
            self.accounts.append(account)
        return account

    def posting(self, draft: Draft) -> Posting:
        legs = [leg for move in draft.moves for leg in self.legs(*move)]
        odd = {
            "stray": [Leg(self.accounts[0], 1)],
            "unknown": [Leg(NOBODY, 5), Leg(self.accounts[0], -5)],
            "astray": [Leg(NOBODY, 0)],
            "zero": [Leg(self.accounts[-1], 0)],
            "across": [Leg(self.accounts[0], 3), Leg(self.accounts[5], -3)],
        }
        legs = [] if draft.oddity == "nothing" else legs + odd.get(draft.oddity, [])
        return Posting(
            source=f"run {self.run}",
            key=str(draft.number),
            kind=draft.kind,
            legs=merge(legs) if draft.is_tidy else legs,
            about=draft.about,
            effective_at=draft.effective_at,
        )

    def legs(self, commodity: int, left: int, right: int, amount: int) -> list[Leg]:
        first = commodity * len(FLOORS)
        return [
            Leg(self.accounts[first + left], -amount),
            Leg(self.accounts[first + right], amount),
        ]

    def attempt(
        self,
        postings: Sequence[Posting],
        act: Callable[[], Sequence[int | None]],
        *,
        reasons: Refusals,
        alone: bool = False,
    ) -> None:
        """Do what must be booked, or refused for one of the reasons and then change nothing."""
        before = rows(PICTURE)
        try:
            ids = act() if alone else transaction.atomic(act)()
        except Exception as error:
            if type(error) not in reasons:
                raise
            assert rows(PICTURE) == before
            return
        assert not reasons, f"{postings} should have been refused"
        self.take(postings, ids)

    def take(self, postings: Sequence[Posting], ids: Sequence[int | None]) -> None:
        """What was acknowledged: known keys keep their ids, the others are booked once."""
        fresh = {(p.source, p.key): p for p in self.books.fresh(postings)}
        recorded = dict(rows(RECORDED, [list(ids)]))
        for posting, txn in zip(postings, ids, strict=True):
            new = fresh.pop((posting.source, posting.key), None)
            if new is not None:
                assert txn is not None and txn not in self.books.booked
                self.books.book(new, txn, recorded[txn])
                self.booked.append(txn)
            assert self.books.ids.get((posting.source, posting.key)) == txn

    @rule(draft=drafts, alone=st.booleans())
    def post_one(self, draft: Draft, alone: bool) -> None:
        """One transaction, alone or in a database transaction."""
        posting = self.posting(draft)
        reasons = self.books.reasons([posting])
        self.attempt([posting], lambda: [post(posting)], reasons=reasons, alone=alone)

    @rule(several=st.lists(drafts, max_size=4))
    def post_several(self, several: list[Draft]) -> None:
        """A batch, all or none."""
        postings = [self.posting(draft) for draft in several]
        reasons = self.books.reasons(postings)
        self.attempt(postings, lambda: post_many(postings), reasons=reasons)

    @rule(several=st.lists(drafts, min_size=1, max_size=4), pick=picks)
    def post_by_query(self, several: list[Draft], pick: int) -> None:
        """A batch whose legs come from a query; one that moves nothing is no transaction."""
        postings = [self.posting(draft) for draft in several]
        if pick % 2 and self.booked:
            postings.append(self.pick(pick))
        moving = any(leg.amount for posting in postings for leg in posting.legs)
        reasons = self.books.reasons(postings, empty_is_wrong=False) if moving else set()
        self.attempt(postings, lambda: post_from(postings), reasons=reasons)

    def pick(self, pick: int) -> Posting:
        return self.books.booked[self.booked[pick % len(self.booked)]].posting

    @precondition(lambda self: self.booked)
    @rule(pick=picks, how=st.sampled_from(SAME + OTHER), extra=st.none() | drafts)
    def come_again(self, pick: int, how: str, extra: Draft | None) -> None:
        """A known key, with the same content or with other content, alone or in a batch."""
        postings = [varied(self.pick(pick), how)]
        postings += [self.posting(extra)] if extra else []
        reasons = self.books.reasons(postings)
        self.attempt(postings, lambda: post_many(postings), reasons=reasons)

    @precondition(lambda self: self.booked)
    @rule(pick=picks, number=st.integers(0, 9))
    def take_back(self, pick: int, number: int) -> None:
        """A reversal: of each transaction one, of which the key may come again."""
        txn, source, key = self.booked[pick % len(self.booked)], f"back {self.run}", str(number)
        posting = self.books.reversal(txn, source=source, key=key)
        self.attempt(
            [posting],
            lambda: [reverse(txn_id=txn, source=source, key=key, actor=None, memo="wrong")],
            reasons=self.books.reasons([posting]),
        )

    @rule(draft=drafts)
    def think_better_of_it(self, draft: Draft) -> None:
        """What is booked in a database transaction that is undone was never booked."""
        posting, before = self.posting(draft), rows(PICTURE)
        with transaction.atomic():
            if not self.books.reasons([posting]):
                post(posting)
            transaction.set_rollback(True)
        assert rows(PICTURE) == before

    @rule(number=st.integers(0, 12), floor=st.sampled_from([*FLOORS, -7]))
    def open_again(self, number: int, floor: int | None) -> None:
        """An account that exists stays as it is, whatever floor it is asked for with."""
        self.open("EUR", f"account {number}", floor)

    @rule(number=st.integers(0, 3))
    def sign(self, number: int) -> None:
        """A document comes into the log once."""
        digest = sha256(f"{self.run} {number}".encode()).digest()
        record_documents([("title", digest)])
        self.digests.add(digest)

    @rule()
    def seal(self) -> None:
        """A chunk comes under a head."""
        seal.seal_chunk()
        head = tree.newest()
        if head is not None:
            self.heads.append((head.size, bytes(head.root)))

    @rule(seed=picks)
    def look_back(self, seed: int) -> None:
        """Moments of either time."""
        assert_moments(self.books, self.accounts, Random(seed), 5)

    @invariant()
    def agrees(self) -> None:
        """Kept = derived = model."""
        if hasattr(self, "accounts"):
            assert_balances(self.books, self.accounts)

    def teardown(self) -> None:
        """The log over everything so far."""
        if hasattr(self, "heads"):
            assert_log(self.books, self.heads, Random(self.run), len(self.digests))


def make_commodities() -> None:
    for code, (kind, exponent) in KINDS.items():
        ensure_commodity(code=code, kind=kind, exponent=exponent)


def broken() -> list[str]:
    """What the books' own checks find."""
    return [sentence for check in OF_BOOKS + OF_LOG for sentence in check()]


def test_one_connection_does_what_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "CHUNK", 40)
    make_commodities()
    Booking.books, Booking.digests, Booking.runs = Books(), set(), count()
    chosen = settings(
        max_examples=40,
        stateful_step_count=25,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Booking, settings=chosen)
    assert len(Booking.books.booked) > 25
    assert_rows(Booking.books)
    assert broken() == []


def huge(number: int, key: str) -> Posting:
    """Nearly all that an account can hold, from the second account to the first."""
    legs = [Leg(number, 2**62), Leg(number + 1, -(2**62))]
    return Posting("huge", key, "gift", legs)


def test_what_the_books_cannot_hold_is_refused_in_words() -> None:
    make_commodities()
    taker, giver = (open_account(commodity="EUR", kind=kind) for kind in ("a", "b"))
    assert giver == taker + 1
    txn = post(huge(taker, "1"))
    before = rows(PICTURE)
    for wrong in (huge(taker, "2"), Posting("huge", "3", "gift", [Leg(taker, 2**63)])):
        for postings in ([wrong], [wrong, huge(giver - 1, "1")]):
            with pytest.raises(AmountTooLarge), transaction.atomic():
                post_many(postings)
        with pytest.raises(AmountTooLarge):
            post_from([wrong])
    assert post(huge(taker, "1")) == txn
    assert rows(PICTURE) == before


def test_sums_beyond_a_number_of_the_books_may_meet_in_one_transaction() -> None:
    make_commodities()
    accounts = [open_account(commodity="EUR", kind=kind) for kind in "abcd"]
    legs = [Leg(a, 2**62 * (1 - n // 2 * 2)) for n, a in enumerate(accounts)]
    post(Posting("huge", "1", "gift", legs))
    post_many([Posting("huge", str(n), "back", [Leg(x.account_id, -x.amount) for x in legs])
               for n in (2, 3)])  # fmt: skip
    assert broken() == []


def test_the_lowest_number_of_the_books_can_be_left_out_of_a_moment() -> None:
    """Its opposite, which a moment takes where the two times differ, is beyond a bigint."""
    make_commodities()
    taker, giver, third = (open_account(commodity="EUR", kind=kind) for kind in "abc")
    legs = [Leg(giver, -(2**63)), Leg(taker, 2**63 - 1), Leg(third, 1)]
    now = datetime.now(UTC)
    post(Posting("huge", "1", "gift", legs, effective_at=now + timedelta(days=2)))
    accounts = [taker, giver, third]
    earlier = Moment(effective=now + timedelta(days=1))
    assert balances(accounts, earlier) == dict.fromkeys(accounts, 0)
    later = Moment(effective=now + timedelta(days=3))
    assert balances(accounts, later) == {leg.account_id: leg.amount for leg in legs}


@pytest.mark.parametrize("seed", [1, 2, 3, 4, None])
def test_many_connections_do_what_a_replay_of_the_log_says(
    seed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SystemRandom().randrange(10**9) if seed is None else seed
    print("seed", seed)
    monkeypatch.setattr(seal, "CHUNK", 9)
    make_commodities()
    town = found_town(PROGRAMS, has_long_business=seed % 2 == 0)
    results = run_at_once([Program(town, n, seed, STEPS) for n in range(PROGRAMS)])
    for result in results:
        if isinstance(result, Exception):
            raise result
    books = judge(town)
    refused = sum(call.error is not None for call in town.calls)
    assert len(books.booked) > PROGRAMS * STEPS // 4 and refused > PROGRAMS
    assert_rows(books)
    assert_floors(books)
    assert_log(books, town.heads, Random(seed), len(town.digests))
    assert_moments(books, list(books.places), Random(seed), 15)
    assert broken() == []
