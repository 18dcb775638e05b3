"""Two stewards at one close, and usage that comes in while it is being closed."""

import pytest

from coop.invariants import all_broken
from payments.models import Charge
from tests.at_once import run_at_once
from tests.valley import JULY, make_valley
from titles.models import Title
from titles.services import settle_charges
from tokens.models import CloseStep, Usage
from tokens.services import STEPS, record_usage, run_step

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_stewards_close_the_same_period_once() -> None:
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)

    def steward() -> list[int]:
        return [
            run_step(period_id=valley.period.pk, step=step, actor=None, at=JULY).pk
            for step in STEPS[:-1]
        ]

    first, second = run_at_once([steward, steward])
    assert first == second
    assert CloseStep.objects.count() == 5
    assert Charge.objects.count() == 3
    settle_charges(period_code="2026-06", actor=None)
    assert all_broken() == []


def test_usage_and_close_at_once_lose_nothing() -> None:
    valley = make_valley()
    rows = [valley.use("chloe", 1000, f"u{n}") for n in range(12)]
    jobs = [lambda row=row: record_usage(rows=[row], actor=None) for row in rows]
    jobs.insert(6, lambda: run_step(period_id=valley.period.pk, step="settle", actor=None, at=JULY))
    outcomes = run_at_once(jobs)
    waiting = sum(len(getattr(outcome, "waiting", [])) for outcome in outcomes)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Usage.objects.count() + waiting == 12
    assert all_broken() == []


def test_paying_twice_at_once_makes_one_title() -> None:
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    valley.run("settle", "match", "charge")
    run_at_once([lambda: settle_charges(period_code="2026-06", actor=None)] * 4)
    valley.run("expire", "convert")
    assert Title.objects.filter(member=valley.members["chloe"]).count() == 1
    assert all_broken() == []
