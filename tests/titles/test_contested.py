"""Twenty connections at once: the last units, the cap, titles' numbers, one offer."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from ledger.errors import DomainError
from members.models import LinkedMembers, Member
from tests.makers import agree, all_wrong, buy, earn_credit, make_member, make_pool, pay, reserve
from tests.races import at_once
from titles.errors import BeyondCap, UnitsBound
from titles.models import Position, Subscription, Title, Transfer, WaitingPlace
from titles.queries import units_of
from titles.services import (
    accept_transfer,
    cancel_subscription,
    convert_credit,
    join_waiting_list,
    offer_units,
    split_title,
    subscribe,
    sweep_moves,
    take_offer,
    withdraw_transfer,
)

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20


def refused(task: Callable[[], object]) -> Callable[[], object]:
    """The task, with a refusal of the rules as its result; anything else is a failure."""

    def run() -> object:
        try:
            return task()
        except DomainError as error:
            return error

    return run


def wants(member: Member, count: int, key: str) -> Callable[[], object]:
    pool = make_pool()
    return refused(lambda: subscribe(member=member, pool=pool, count=count, actor=None, key=key))


def linked(names: int) -> list[Member]:
    """Members who count as one, in a chain."""
    members = [make_member(f"Member {n}") for n in range(names)]
    for one, other in pairwise(members):
        LinkedMembers.objects.create(
            first=one, second=other, reason="one owner", linked_at=timezone.now()
        )
    return members


def test_the_last_units_go_to_as_many_as_there_are() -> None:
    pool = make_pool(treasury=7)
    members = [make_member(f"Member {n}") for n in range(MANY)]
    got = at_once(*(wants(m, 1, f"k{m.pk}") for m in members))
    assert sum(isinstance(o, Subscription) for o in got) == 7
    assert Position.objects.filter(pool=pool).aggregate(n=Sum("pending"))["n"] == 7
    assert all_wrong() == []


def test_one_member_at_twenty_windows_reaches_the_cap_and_not_more() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    make_pool(treasury=100)
    ana = make_member("Ana")
    got = at_once(*(wants(ana, 3, f"window {n}") for n in range(MANY)))
    assert sum(isinstance(o, Subscription) for o in got) == 3
    assert sum(isinstance(o, BeyondCap) for o in got) == MANY - 3
    assert all_wrong() == []


def test_twenty_linked_members_reach_one_cap_together() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    pool, members = make_pool(treasury=100), linked(MANY)
    got = at_once(*(wants(m, 1, f"k{m.pk}") for m in members))
    assert sum(isinstance(o, Subscription) for o in got) == 10
    assert sum(isinstance(o, BeyondCap) for o in got) == MANY - 10
    at_once(*(lambda s=s: pay(s) for s in got if isinstance(s, Subscription)))
    assert Position.objects.filter(pool=pool).aggregate(n=Sum("held"))["n"] == 10
    assert all_wrong() == []


def test_raw_rows_of_linked_members_meet_the_same_cap_without_any_service() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    pool, members = make_pool(treasury=100), linked(MANY)

    def insert(number: int, member: Member) -> Callable[[], object]:
        def run() -> object:
            try:
                return Title.objects.create(
                    number=number, member=member, pool=pool, units=1, origin="purchase",
                    issued_at=timezone.now(), envelope=b"", salt=b"", txn_id=1,
                )  # fmt: skip
            except Exception as error:
                return str(error)

        return run

    got = at_once(*(insert(n, m) for n, m in enumerate(members, 1)))
    said = [outcome for outcome in got if isinstance(outcome, str)]
    assert len(said) == MANY - 10
    assert all("the cap is 10" in sentence for sentence in said), said


def test_all_ways_to_units_at_once_stay_within_the_cap() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    pool, ana = make_pool(treasury=200), make_member("Ana")
    givers = [make_member(f"Giver {n}") for n in range(6)]
    for giver in givers:
        buy(giver, pool, 4)
    offers = [
        offer_units(
            giver=g, pool=pool, units=4, actor=None, key=f"o{g.pk}", to_number=ana.number
        ).transfer
        for g in givers
    ]
    earn_credit(ana, pool, 1500, code="2026-06")

    def close() -> object:
        with transaction.atomic():
            return convert_credit(pool=pool, period_code="2026-06", actor=None, key="close")

    at_once(
        close,
        *(wants(ana, 4, f"k{n}") for n in range(6)),
        *(
            refused(lambda t=t: accept_transfer(transfer_id=t.pk, receiver=ana, actor=None))
            for t in offers
        ),
    )
    position = Position.objects.get(member=ana)
    # Fours and what was left of the room: the cap of 20 is met or a remainder below four stays.
    assert 16 < position.held + position.pending <= 20
    assert all_wrong() == []


def test_numbers_of_titles_have_no_gap_under_every_kind_of_move() -> None:
    pool = make_pool(treasury=100)
    members = [make_member(f"Member {n}") for n in range(MANY)]
    owners, others = members[:10], members[10:]
    titles = [buy(m, pool, 4).title for m in owners]
    waiting = [reserve(m, pool, 2) for m in others]
    offers = [
        offer_units(
            giver=g, pool=pool, units=3, actor=None, key=f"o{g.pk}", to_number=r.number
        ).transfer
        for g, r in zip(owners[:5], others[:5], strict=True)
    ]
    done = at_once(
        *(lambda s=s: pay(s) for s in waiting),
        *(
            lambda t=t: accept_transfer(transfer_id=t.pk, receiver=t.receiver, actor=None)
            for t in offers
        ),
        *(
            lambda t=t: split_title(
                holder=t.member, title=t, parts=[1, 3], actor=None, key=f"split {t.pk}"
            )
            for t in titles[5:]
        ),
    )
    assert len(done) == MANY
    # Ten bought, ten paid for, five passed on with a rest each, five divided in two.
    numbers = list(Title.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, 41))
    assert all_wrong() == []


def test_one_offer_accepted_twenty_times_and_withdrawn_is_decided_once() -> None:
    pool, ana, ben = make_pool(treasury=20), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)
    offered = offer_units(
        giver=ana, pool=pool, units=10, actor=None, key="k", to_number=ben.number
    ).transfer

    def accept() -> object:
        return accept_transfer(transfer_id=offered.pk, receiver=ben, actor=None)

    def withdraw() -> object:
        return withdraw_transfer(transfer_id=offered.pk, giver=ana, actor=None)

    at_once(*([refused(accept)] * (MANY - 1)), refused(withdraw))
    state = Transfer.objects.get().state
    assert state in ("accepted", "withdrawn")
    assert units_of(ben, pool) == (10 if state == "accepted" else 0)
    assert Title.objects.count() == (2 if state == "accepted" else 1)
    assert all_wrong() == []


def test_one_holder_at_twenty_windows_offers_no_share_twice() -> None:
    pool, ana, ben = make_pool(treasury=20), make_member("Ana"), make_member("Ben")
    buy(ana, pool, 10)

    def offer(n: int) -> Callable[[], object]:
        return refused(
            lambda: offer_units(
                giver=ana, pool=pool, units=3, actor=None, key=f"o{n}", to_number=ben.number
            )
        )

    got = at_once(*(offer(n) for n in range(MANY)))
    assert sum(isinstance(o, UnitsBound) for o in got) == MANY - 3
    assert Transfer.objects.aggregate(n=Sum("units"))["n"] == 9


def test_crossing_transfers_and_sweeps_do_not_wait_in_a_circle() -> None:
    pool = make_pool(treasury=40)
    ana, ben = make_member("Ana"), make_member("Ben")
    buy(ana, pool, 20)
    buy(ben, pool, 20)
    there = [(ana, ben, n) for n in range(8)] + [(ben, ana, n) for n in range(8)]
    offers = [
        offer_units(
            giver=g, pool=pool, units=2, actor=None, key=f"{g.pk} {n}", to_number=r.number
        ).transfer
        for g, r, n in there
    ]
    at_once(
        *(
            lambda t=t: accept_transfer(transfer_id=t.pk, receiver=t.receiver, actor=None)
            for t in offers
        ),
        *([sweep_moves] * 4),
    )
    assert (units_of(ana, pool), units_of(ben, pool)) == (20, 20)
    assert all_wrong() == []


def test_what_comes_free_is_offered_once_to_those_who_waited() -> None:
    pool = make_pool(treasury=10)
    blocking = [reserve(make_member(f"Holder {n}"), pool, 1) for n in range(10)]
    waiting = [make_member(f"Waiting {n}") for n in range(10)]
    places = [
        join_waiting_list(member=m, pool=pool, wish=1, takes_part=False, actor=None, key=f"w{m.pk}")
        for m in waiting
    ]
    late = [make_member(f"Late {n}") for n in range(10)]
    got = at_once(
        *(lambda s=s: cancel_subscription(subscription_id=s.pk, actor=None) for s in blocking),
        *(wants(m, 1, f"late {m.pk}") for m in late),
    )
    assert not [o for o in got[10:] if isinstance(o, Subscription)]
    assert WaitingPlace.objects.filter(state="offered").count() == 10
    at_once(*(lambda p=p: take_offer(place_id=p.pk, actor=None) for p in [*places, *places]))
    assert Subscription.objects.filter(state="reserved").count() == 10
    assert all_wrong() == []
