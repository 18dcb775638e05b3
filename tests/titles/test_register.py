"""The register in two times: what held on a day, and what was known of it at a moment."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from members.models import Member
from tests.makers import buy, make_member, make_pool
from titles.models import Title
from titles.register import AsOf, end_of, held_as_of, holders_as_of, totals_as_of
from titles.services import accept_transfer, offer_units
from titles.services.chain import end_titles
from titles.services.issue import Cause, Grant, issue_titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Member:
    """A member of a cooperative with a pool."""
    make_pool(treasury=100)
    return make_member("Ana")


def issued(member: Member, units: int, at: datetime) -> Title:
    """A title that counts from a moment of its own, recorded now."""
    cause = Cause(Title.Origin.IMPORT, txn_id=1, at=at)
    return issue_titles(pool=make_pool(), grants=[Grant(member, units)], cause=cause)[0]


def units(at: datetime, known: datetime | None = None) -> int:
    return sum(held_as_of(AsOf(at, known)).values())


def test_what_was_recorded_late_counts_since_its_day_and_was_not_known_then(ana: Member) -> None:
    now = timezone.now()
    issued(ana, 7, now - timedelta(days=30))
    later = timezone.now() + timedelta(seconds=1)
    assert [units(now - timedelta(days=d)) for d in (31, 29, 0)] == [0, 7, 7]
    assert units(now - timedelta(days=29), known=now - timedelta(seconds=1)) == 0
    assert units(now - timedelta(days=29), known=later) == 7
    assert units(now - timedelta(days=31), known=later) == 0


def test_an_end_that_was_recorded_late_was_not_known_then(ana: Member) -> None:
    now = timezone.now()
    title = issued(ana, 7, now - timedelta(days=30))
    with time_machine.travel(now + timedelta(days=10)):
        cause = Cause(Title.Origin.IMPORT, txn_id=2, at=now - timedelta(days=5))
        end_titles(ids=[title.pk], state=Title.State.CANCELLED, cause=cause)
    between, after = now + timedelta(days=1), now + timedelta(days=11)
    assert [units(now - timedelta(days=d)) for d in (6, 4)] == [7, 0]
    assert units(now - timedelta(days=4), known=between) == 7
    assert units(now - timedelta(days=4), known=after) == 0
    assert units(now - timedelta(days=6), known=after) == 7


def test_a_day_ends_with_the_cooperatives_midnight(ana: Member) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        today = timezone.localdate()
    midnight = end_of(today) + timedelta(microseconds=1)
    assert timezone.localtime(midnight).hour == 0
    with time_machine.travel(midnight - timedelta(seconds=1), tick=False):
        buy(ana, make_pool(), 3)
    with time_machine.travel(midnight, tick=False):
        buy(ana, make_pool(), 4)
    tomorrow = today + timedelta(days=1)
    assert sum(held_as_of(AsOf.day(today)).values()) == 3
    assert sum(held_as_of(AsOf.day(tomorrow)).values()) == 7
    assert sum(held_as_of(AsOf.day(today - timedelta(days=1))).values()) == 0


def test_holders_and_sums_say_who_held_how_much(ana: Member) -> None:
    pool, ben = make_pool(), make_member("Ben")
    start = timezone.now() + timedelta(days=1)
    with time_machine.travel(start, tick=False):
        buy(ana, pool, 10)
    with time_machine.travel(start + timedelta(days=1), tick=False):
        made = offer_units(
            giver=ana, pool=pool, units=4, actor=None, key="k", to_number=ben.number
        ).transfer
        accept_transfer(transfer_id=made.pk, receiver=ben, actor=None)
    before, after = AsOf(start), AsOf(start + timedelta(days=1))
    shown = ("name", "held", "paid_in", "titles")
    assert [tuple(row[k] for k in shown) for row in holders_as_of(before)] == [("Ana", 10, 1000, 1)]
    assert [tuple(row[k] for k in shown) for row in holders_as_of(after, pool)] == [
        ("Ana", 6, 600, 1),
        ("Ben", 4, 400, 1),
    ]
    assert [(row["held"], row["holders"]) for row in totals_as_of(before)] == [(10, 1)]
    assert [(row["held"], row["holders"]) for row in totals_as_of(after)] == [(10, 2)]
