"""Several web processes and workers at the same node at the same time, over real connections."""

from typing import Any

import pytest
from django.db.models import Sum

from metering import services
from metering.errors import AlreadyAssigned
from metering.invariants import INVARIANTS
from metering.models import MeterAssignment, Reading
from tests.at_once import run_at_once
from tests.metering.machine import TX, Machine, post, statuses
from tests.metering.world import make_valley
from tokens.models import Usage

pytestmark = pytest.mark.django_db(transaction=True)
GB = 10**9


def broken() -> list[str]:
    return [line for invariant in INVARIANTS for line in invariant()]


def test_of_two_forks_posted_at_once_one_is_stored_and_both_are_kept() -> None:
    machine = Machine().enrolled()
    body = machine.body(machine.counted(1))
    forks = [machine.batch(**body | {"x": {"fork": n}}) for n in (1, 2)]
    responses: list[Any] = run_at_once([lambda fork=fork: post([fork]) for fork in forks])
    assert sorted(statuses(r)[0] for r in responses) == ["accepted", "conflict"]
    machine.row.refresh_from_db()
    assert machine.row.state == "suspect"


def test_four_workers_rate_each_reading_once() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    for start in range(3):
        post(valley.machine.batches(*([0] if start == 0 else []), *[GB] * 20))
    run_at_once([lambda: [services.rate_waiting(limit=7) for _ in range(12)]] * 4)
    while services.rate_waiting():
        pass
    assert Usage.objects.aggregate(n=Sum("amount"))["n"] == 60_000
    assert Reading.objects.count() == 61
    assert broken() == []


def test_rating_while_batches_arrive_loses_none() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    batches = valley.machine.batches(0, *[GB] * 40)
    jobs = [lambda b=b: post([b]) for b in batches]
    outcomes = run_at_once(
        [
            lambda: [job() for job in jobs],
            lambda: [services.rate_waiting(limit=3) for _ in range(20)],
        ]
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    while services.rate_waiting():
        pass
    assert Usage.objects.aggregate(n=Sum("amount"))["n"] == 40_000
    assert broken() == []


def test_two_stewards_assign_one_meter_to_two_members_once() -> None:
    valley = make_valley()
    jobs = [lambda member=m: valley.assign(member) for m in (valley.ana, valley.ben)]
    outcomes = run_at_once(jobs)
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [AlreadyAssigned]
    assert MeterAssignment.objects.filter(meter=valley.meter(TX)).count() == 1
