"""Today's real state as a scenario: it is read again, and its next month is the real one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from assets.queries import treasury_units
from coop.demo import build
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.throwaway import throw_away_database
from coop.scenarios.write import text_of
from coop.simulations.changes import Changes, changed
from coop.simulations.errors import TooManyMembers
from coop.simulations.today import today
from members.models import Member
from members.services import enrol_member, set_conversion_consent
from tests.makers import agree
from tests.valley import AUGUST, JULY, Valley, make_valley
from titles.queries import holdings
from titles.services import settle_charges
from tokens.models import Settlement, Yield
from tokens.services import UsageRow, offer_surplus, record_usage, run_step

pytestmark = pytest.mark.django_db
STEPS = ("settle", "match", "charge", "expire", "convert")


@pytest.fixture
def after_june() -> Iterator[Valley]:
    """The worked period, closed and paid; Ben goes on offering what he has left."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    offer_surplus(
        member=valley.members["ben"],
        pool=valley.pool,
        resource=valley.resource,
        amount=50_000,
        actor=None,
        standing=True,
    )
    valley.close()
    with timezone.override("Europe/Madrid"):
        yield valley


def played(months: int) -> dict[str, Any]:
    """What a simulation of so many months from today comes to."""
    text = text_of(changed(today(at=JULY).scenario, Changes(months=months)))
    with throw_away_database():
        return play(parse(text))


def live_through_july(valley: Valley) -> None:
    """July for real: the same use as in June, closed and paid."""
    july = valley.open_july()
    rows = [
        UsageRow(
            member_id=valley.members[name].pk,
            pool_id=valley.pool.pk,
            resource_id=valley.resource.pk,
            used_at=JULY,
            amount=amount,
            key=f"july {name}",
        )
        for name, amount in (("ana", 450_000), ("ben", 170_000), ("chloe", 120_000))
    ]
    record_usage(rows=rows, actor=None)
    for step in STEPS[:3]:
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)
    settle_charges(period_code=july.code, actor=None)
    for step in STEPS[3:]:
        run_step(period_id=july.pk, step=step, actor=None, at=AUGUST)


def test_the_simulated_july_is_the_real_one(after_june: Valley) -> None:
    month = played(1)["periods"][0]
    assert month["month"] == "2026-07"
    found = month["pools"]["backbone"]
    live_through_july(after_june)
    row = Yield.objects.get(period__code="2026-07")
    simulated = found["resources"]["bandwidth"]
    assert {
        key: simulated[key] for key in ("unit_cost", "settled_cost", "vacancy", "variance")
    } == {
        "unit_cost": row.unit_cost,
        "settled_cost": row.settled_cost,
        "vacancy": row.vacancy,
        "variance": row.carried_next,
    }
    assert (simulated["overage_matched"], simulated["overage_unbacked"]) == (
        row.matched,
        row.unbacked,
    )
    assert simulated["pool_sold"] == row.pool_sold
    for settlement in Settlement.objects.filter(book__yields=row).select_related("book__member"):
        assert settlement.book.member.number is not None
        theirs = simulated["members"][str(settlement.book.member.number)]
        assert theirs["cost_charged"] == settlement.own_cost + settlement.cost_part
        assert theirs["profit_charged"] == settlement.profit > -1
        assert (theirs["sold"], theirs["expired"]) == (settlement.sold, settlement.expired)
    assert simulated["members"]["2"]["sold"] > 0
    assert found["treasury"] == treasury_units(after_june.pool)
    real = {str(Member.objects.get(pk=pk).number): n for pk, n in holdings(after_june.pool).items()}
    assert {name: member["units"] for name, member in found["members"].items()} == real


def test_members_are_numbers_and_nobody_is_named(after_june: Valley) -> None:
    chloe = after_june.members["chloe"]
    set_conversion_consent(member_id=chloe.pk, consents=False, actor=None)
    enrol_member(name="Nobody Special", actor=None)
    text = text_of(today(at=JULY).scenario)
    assert not any(name in text.lower() for name in ("ana", "ben", "chloe", "nobody", "valley"))
    scenario = parse(text)
    assert [(one.name, dict(one.units), one.convert) for one in scenario.members] == [
        ("1", {"backbone": 500}, True),
        ("2", {"backbone": 300}, True),
        ("3", {"backbone": 36}, False),
    ]
    (pool,) = scenario.pools
    assert (pool.treasury, pool.issue_price, pool.cap) == (164, 100, (1, 1))
    assert pool.posted_price == {"bandwidth": 80_000_000}
    assert [(one.member, one.tokens) for one in scenario.periods[0].offers] == [("2", 50_000)]


def test_what_cannot_be_said_in_a_scenario_is_named(after_june: Valley) -> None:
    assert set(today(at=JULY).left_out) >= {"funds", "tokens_taken_out", "private_rules"}
    assert "use_so_far" not in today(at=JULY).left_out


def test_before_the_first_close_the_use_so_far_counts() -> None:
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    with timezone.override("Europe/Madrid"):
        found = today(at=JULY)
    assert found.scenario.periods[0].month == "2026-06"
    assert [use.amount for use in found.scenario.periods[0].usage] == [450_000, 170_000, 120_000]
    assert [one.tokens for one in found.scenario.periods[0].offers] == [150_000]
    assert "use_so_far" in found.left_out


def test_a_cooperative_that_is_too_large_for_the_page_is_printed_by_the_command(
    after_june: Valley, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TooManyMembers, match="3 members"):
        today(at=JULY, most=2)
    call_command("simulate", "--today")
    printed = parse(capsys.readouterr().out)
    assert [one.name for one in printed.members] == ["1", "2", "3"]
    assert printed.periods[0].month == "2026-07"


def test_rules_are_those_of_today(after_june: Valley) -> None:
    agree("holding_cap", [1, 4], scope="backbone")
    agree("vesting", "on_acquisition")
    (pool,) = today(at=JULY).scenario.pools
    assert (pool.cap, pool.vesting) == ((1, 4), "on_acquisition")


def test_the_demo_as_it_stands_is_played_for_two_months() -> None:
    build.build()
    scenario = changed(today().scenario, Changes(months=2))
    with throw_away_database():
        result = play(parse(text_of(scenario)))
    assert result["final"]["invariants"] == "ok"
    assert len(result["periods"]) == 2
