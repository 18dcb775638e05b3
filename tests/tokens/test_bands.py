"""Budgets in a band, votes that widen it, pools closed while too much is carried; the plan."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from assets.models import CostLine
from assets.queries import cost_at
from assets.services import add_cost_line
from governance.actions import action_named
from governance.errors import BadPayload
from policies.services import set_policy
from tests.tokens.test_pages import login
from tests.valley import AUGUST, JULY, JUNE, Valley, make_valley
from titles.errors import CarriedTooMuch
from titles.queries import terms
from titles.services.reserving import require_possible
from tokens.bands import Stated, bound
from tokens.coming import coming_period
from tokens.models import BudgetApproval, CloseStep, Yield
from tokens.plan import plan_yields
from tokens.services import open_period, run_step

CASES = [
    # stated, last actual, share, approved → cost, bounds
    (60_000, None, [1, 10], None, (60_000, None, None, "")),
    (60_000, 50_000, "off", None, (60_000, None, None, "")),
    (55_000, 50_000, [1, 10], None, (55_000, 50_000, 55_000, "")),
    (55_001, 50_000, [1, 10], None, (55_000, 50_000, 55_000, "")),
    (49_999, 50_000, [1, 10], None, (50_000, 50_000, 55_000, "")),
    (60_000, 50_000, [1, 10], (60_000, "proposal:1"), (60_000, 50_000, 60_000, "proposal:1")),
    (61_000, 50_000, [1, 10], (60_000, "proposal:1"), (60_000, 50_000, 60_000, "proposal:1")),
    (40_000, 50_000, [0, 1], (45_000, "proposal:1"), (45_000, 45_000, 50_000, "proposal:1")),
    (60_000, 50_000, [1, 10], (52_000, "proposal:1"), (55_000, 50_000, 55_000, "")),
    (52_000, 50_000, [1, 10], (70_000, "proposal:1"), (52_000, 50_000, 55_000, "")),
    (1, 0, [1, 1], None, (0, 0, 0, "")),
    (7, 5, [1, 3], None, (6, 5, 6, "")),
]


@pytest.mark.parametrize(("stated", "last", "share", "approved", "expected"), CASES)
def test_the_nearest_bound(
    stated: int, last: int | None, share: Any, approved: Any, expected: tuple[Any, ...]
) -> None:
    cost, lowest, highest, source = expected
    found = bound(stated, last, share, approved)
    assert found == Stated(stated, cost, last, lowest, highest, source)
    assert found.is_bound == (cost != stated)


pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def rule(key: str, value: Any) -> None:
    set_policy(actor=None, key=key, value=value, valid_from=JUNE, source="founding")


def dearer(valley: Valley, amount: int) -> CostLine:
    """More cost from July on."""
    return add_cost_line(
        pool=valley.pool, name="Rent", amount=amount, weights={"bandwidth": 1},
        since=date(2026, 7, 1), source="bill", actor=None,
    )  # fmt: skip


def july() -> Yield:
    return Yield.objects.get(period__code="2026-07")


def test_without_the_rule_every_cost_is_budgeted_as_it_is_stated(valley: Valley) -> None:
    valley.close()
    dearer(valley, 1_000_000)
    valley.run("open")
    assert (july().cost, july().stated_cost, july().budget) == (1_050_000, None, 1_050_000)


def test_beyond_the_band_the_period_opens_with_the_nearest_bound_and_says_so(
    valley: Valley,
) -> None:
    rule("budget_band", [1, 5])
    valley.close()
    dearer(valley, 20_000)
    row = plan_yields(start=JULY, at=JULY)[0]
    steward = login(valley.members["ana"], steward=True)
    coming = steward.get("/stewardship/periods/coming/").content.decode()
    assert "the period opens with the nearest bound" in coming and "€600.00" in coming
    preview = steward.get("/stewardship/periods/2026-06/open/").content.decode()
    assert "the period opens with the nearest bound" in preview
    valley.run("open")
    assert (july().cost, july().stated_cost, july().unit_cost) == (60_000, 70_000, 60_000_000)
    assert (row.stated.cost, row.rates.unit_cost) == (july().cost, july().unit_cost)
    summary = CloseStep.objects.get(name="open").summary["yields"][0]
    assert (summary["cost"], summary["stated_cost"]) == (60_000, 70_000)
    page = steward.get("/stewardship/periods/2026-07/").content.decode()
    assert "the period opens with the nearest bound" in page


def approval(**changes: Any) -> dict[str, Any]:
    return {"pool": "backbone", "resource": "bandwidth", "amount": 70_000, "from": "2026-07-01",
            **changes}  # fmt: skip


def test_a_vote_approves_a_budget_from_a_day_on(valley: Valley) -> None:
    rule("budget_band", [1, 5])
    valley.close()
    dearer(valley, 20_000)
    action = action_named("approve_budget")
    payload = action.read(approval())
    action.check(payload)
    effect = action.dry_run(payload)
    assert (effect["before"], effect["stated"], effect["last"]) == (None, 70_000, 50_000)
    assert action.inverse(effect) is None
    late = action.execute(approval(**{"from": "2026-08-01"}), actor=None, source="proposal:6")
    assert plan_yields(start=JULY, at=JULY)[0].stated.cost == 60_000
    effects = action.execute(payload, actor=None, source="proposal:7")
    assert action.missing([*effects, *late], "proposal:7") == [
        "proposal:7: the approval of a budget for backbone:bandwidth is not as executed"
    ]
    valley.run("open")
    assert (july().cost, july().stated_cost) == (70_000, None)
    assert july().budget_source == "proposal:7"
    before = action.dry_run(approval(amount=1))
    assert action.inverse(before) == approval()
    assert BudgetApproval.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [{"amount": -1}, {"pool": "moon"}, {"resource": "tea"}, {"from": "soon"}, {"amount": "7"}],
)
def test_what_is_no_budget_is_no_proposal(valley: Valley, change: dict[str, Any]) -> None:
    action = action_named("approve_budget")
    with pytest.raises(BadPayload):
        action.check(action.read(approval(**change)))


def test_the_form_makes_the_payload(valley: Valley) -> None:
    browser = login(valley.members["ana"])
    url = "/decisions/new/approve_budget/"
    assert "Budget of what?" in browser.get(url).content.decode()
    words = {"title": "More for rent", "text": "The roof", "key": "k", "since": "2026-07-01"}
    made = browser.post(url, {**words, "yields": "backbone:bandwidth", "amount": "700"})
    assert made.status_code == 303
    page = browser.get(made["Location"]).content.decode()
    assert "may budget <strong>€700.00</strong> a month" in page


def test_a_part_of_a_month_is_measured_against_a_part_of_the_last_cost(valley: Valley) -> None:
    rule("budget_band", [0, 1])
    valley.close()
    half = plan_yields(start=JULY, part=Fraction(1, 2), at=JULY)[0]
    assert (half.stated.last_actual, half.stated.cost, half.capacity) == (25_000, 25_000, 500_000)


def test_the_coming_period_lists_the_costs_that_make_the_budget(valley: Valley) -> None:
    dearer(valley, 333)
    coming = coming_period()
    assert (coming.code, coming.start, coming.end) == ("2026-07", JULY, AUGUST)
    plan, parts = coming.plans[0]
    assert [(part.name, part.amount) for part in parts] == [("Transit", 50_000), ("Rent", 333)]
    total = cost_at(valley.pool, date(2026, 7, 1))["bandwidth"]
    assert sum(part.amount for part in parts) == plan.stated.stated == total
    valley.close()
    opened = open_period(start=JULY, end=AUGUST, code="2026-07", actor=None, at=JULY)
    row = Yield.objects.get(period=opened)
    later = plan.rates
    assert (row.budget, row.unit_cost, row.sale_cost, row.price) == (
        later.budget, later.unit_cost, later.sale_cost, later.price,
    )  # fmt: skip


def test_a_pool_is_closed_while_too_much_is_carried_and_opens_again(valley: Valley) -> None:
    chloe = valley.members["chloe"]
    actual = {("backbone", "bandwidth"): 30_000}
    run_step(period_id=valley.period.pk, step="settle", actor=None, at=JULY, actual=actual)
    valley.run("match", "charge")
    row = Yield.objects.get()
    assert row.carried_next == 16_000
    assert terms(valley.pool, chloe).is_open
    rule("carried_band", [2, 5])
    found = terms(valley.pool, chloe)
    # 160.00 carried against 40 % of what is left to budget, 500.00 − 160.00
    assert (found.is_open, found.possible) == (False, 0)
    assert found.carried is not None and found.carried.most == 13_600
    with pytest.raises(CarriedTooMuch):
        require_possible(found, member=chloe, pool=valley.pool, count=1)
    page = login(chloe).get("/buy-in/").content.decode()
    assert "€160.00 of the cost of Bandwidth is carried over" in page
    rule("carried_band", [1, 2])
    assert terms(valley.pool, chloe).is_open
