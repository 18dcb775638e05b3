"""The limit of redemption, contested by twenty connections; and the same run, by many."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from ledger.errors import DomainError
from ledger.queries import balance
from members.models import Member
from payments.models import Payout
from tests.makers import agree, all_wrong, make_pool, pay, reserve
from tests.races import at_once
from tests.titles.leaving import all_of_it, ask, no_notice, owners, payable
from titles.errors import UnitsBound
from titles.models import Redemption, RedemptionRequest, RedemptionRun, Subscription, Title
from titles.queries import units_of
from titles.services import request_redemption, serve_queue, withdraw_redemption

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 20


def refused(task: Callable[[], object]) -> Callable[[], object]:
    """The task, with a refusal as its result."""

    def run() -> object:
        try:
            return task()
        except DomainError as error:
            return error

    return run


def running(key: str) -> Callable[[], object]:
    pool, now = make_pool(), timezone.now()
    return lambda: serve_queue(pool=pool, at=now, actor=None, key=key)


def asking(member: Member, units: int, key: str) -> Callable[[], object]:
    pool = make_pool()
    return refused(
        lambda: request_redemption(member=member, pool=pool, units=units, actor=None, key=key)
    )


def withdrawing(request_id: int) -> Callable[[], object]:
    return refused(lambda: withdraw_redemption(request_id=request_id, actor=None))


def paying(subscription: Subscription) -> Callable[[], object]:
    return lambda: pay(subscription)


def test_twenty_runs_at_once_pay_the_limit_once_and_in_the_order_of_the_queue() -> None:
    no_notice()
    agree("redemption_limit", [1, 10])
    pool = make_pool(treasury=300)
    people = owners(pool, **{f"M{n}": 10 for n in range(NUMBER)})
    requests = [ask(member, pool, 7) for member in people.values()]
    at_once(*(running(f"run {n}") for n in range(NUMBER)))
    served = [RedemptionRequest.objects.get(pk=r.pk).served for r in requests]
    assert served == [7, 7, 7, 7, 2] + [0] * 15
    assert sum(payable(member) for member in people.values()) == 3000
    assert sum(Payout.objects.values_list("amount", flat=True)) == 3000
    assert RedemptionRun.objects.count() == NUMBER
    numbers = sorted(Title.objects.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert all_wrong() == []


def test_the_same_run_started_by_twenty_pays_once() -> None:
    no_notice()
    all_of_it()
    pool = make_pool(treasury=100)
    people = owners(pool, Ana=30, Ben=30)
    for member in people.values():
        ask(member, pool, 30)
    runs = at_once(*(running("november") for _ in range(NUMBER)))
    assert len({run.pk for run in runs if isinstance(run, RedemptionRun)}) == 1
    assert (Redemption.objects.count(), Payout.objects.count()) == (2, 2)
    assert balance("unit:backbone", "treasury", "pool/backbone") == 100
    assert all_wrong() == []


def test_shares_asked_for_by_twenty_requests_of_one_member_are_promised_once() -> None:
    pool = make_pool(treasury=100)
    ana = owners(pool, Ana=50)["Ana"]
    outcomes = at_once(*(asking(ana, 5, f"k{n}") for n in range(NUMBER)))
    assert sum(isinstance(o, RedemptionRequest) for o in outcomes) == 10
    assert sum(isinstance(o, UnitsBound) for o in outcomes) == 10


def test_runs_withdrawals_purchases_and_requests_at_once_leave_sound_books() -> None:
    no_notice()
    all_of_it()
    pool = make_pool(treasury=200)
    people = owners(pool, **{f"M{n}": 10 for n in range(10)})
    requests = [ask(member, pool, 6) for member in people.values()]
    waiting = [reserve(member, pool, 3) for member in list(people.values())[:4]]
    outcomes = at_once(
        *(running(f"run {n}") for n in range(6)),
        *(withdrawing(r.pk) for r in requests[:5]),
        *(paying(s) for s in waiting),
        *(asking(member, 4, f"more {member.pk}") for member in list(people.values())[5:]),
    )
    assert not [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, DomainError)]
    for request in RedemptionRequest.objects.all():
        assert 0 <= request.served <= request.wanted
    total = sum(units_of(member, pool) for member in people.values())
    assert total + balance("unit:backbone", "treasury", "pool/backbone") == 200
    assert all_wrong() == []
