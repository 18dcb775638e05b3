"""The ownership path on the books: which period's use it speaks of."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from coop.holdings import holdings_of
from coop.path import Path, path_of
from tests.valley import AUGUST, JULY, Valley, make_valley
from titles.services import settle_charges
from tokens.models import Period
from tokens.queries import books_of
from tokens.services import open_period, record_usage, run_step

pytestmark = pytest.mark.django_db
STEPS = ("settle", "match", "charge", "expire", "convert")


def path_in(valley: Valley, name: str, period: Period) -> Path | None:
    member = valley.members[name]
    with override("en"):
        return path_of(member, holdings_of(member, JULY), books_of(member, period), period)


def use_in(valley: Valley, period: Period, name: str, amount: int) -> None:
    row = valley.use(name, amount, f"{period.code} {name}")
    record_usage(rows=[replace(row, used_at=period.start)], actor=None)


def close_early(period: Period, moment: datetime) -> None:
    for step in STEPS:
        run_step(period_id=period.pk, step=step, actor=None, at=moment, early=True)
        if step == "charge":
            settle_charges(period_code=period.code, actor=None)


def after_june() -> tuple[Valley, Period]:
    """June is closed with 120 GB of Chloe's use, none of it owned; July is open."""
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 120_000, "june")], actor=None)
    valley.close()
    return valley, valley.open_july()


def test_without_use_in_the_running_period_the_last_full_one_speaks() -> None:
    valley, july = after_june()
    path = path_in(valley, "chloe", july)
    assert path is not None
    assert [(p.label, p.owned, p.used) for p in path.past] == [
        ("June 2026", 0, 120_000 * 80_000_000),
        ("July 2026", 36_000 * 80_000_000, 120_000 * 80_000_000),
    ]


def test_a_period_cut_short_after_minutes_changes_no_path() -> None:
    valley, july = after_june()
    before = path_in(valley, "chloe", july)
    use_in(valley, july, "chloe", 1_000)
    use_in(valley, july, "ana", 700_000)
    cut = JULY + timedelta(minutes=5)
    close_early(july, cut)
    again = open_period(start=cut, end=AUGUST, code="2026-07-2", actor=None, at=cut)
    after = path_in(valley, "chloe", again)
    assert before is not None
    assert after is not None
    assert [(p.owned, p.used) for p in after.past] == [(p.owned, p.used) for p in before.past]
    assert path_in(valley, "ana", again) is None


def test_whoever_used_nothing_in_the_last_full_period_is_shown_the_running_one() -> None:
    valley, july = after_june()
    use_in(valley, july, "ben", 400_000)
    path = path_in(valley, "ben", july)
    assert path is not None
    assert (path.now.owned, path.now.used) == (300_000 * 80_000_000, 400_000 * 80_000_000)


def test_where_no_period_was_full_the_last_closed_one_speaks() -> None:
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 10_000, "june")], actor=None)
    cut = valley.period.start + timedelta(days=3)
    close_early(valley.period, cut)
    rest = open_period(start=cut, end=JULY, code="2026-06-2", actor=None, at=cut)
    path = path_in(valley, "chloe", rest)
    assert path is not None
    assert path.now.used == 10_000 * 80_000_000
