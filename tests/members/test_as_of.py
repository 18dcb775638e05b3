"""The register as it was on a day, and as we knew it at a moment."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone

from members.models import Member
from members.registers import Entry, counts_at, members_at, register_at
from members.services import (
    admit,
    change_particulars,
    change_state,
    finish_leaving,
    start_leaving,
)
from tests.makers import make_cooperative
from tests.members.lives import applicant

pytestmark = pytest.mark.django_db


def at(month: int, day: int = 1) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at(1), tick=False) as traveller:
        make_cooperative()
        yield traveller


def seen(day: date, known: datetime | None = None) -> list[tuple[int | None, str, str]]:
    return [(row.number, row.name, row.state) for row in register_at(day, known)]


def joined(name: str) -> Member:
    return admit(member_id=applicant(name).pk, actor=None)


def test_a_day_shows_who_was_a_member_then_under_the_name_of_then(
    clock: time_machine.Traveller,
) -> None:
    ana = joined("Ana Ortiz")
    clock.move_to(at(3))
    joined("Ben")
    change_particulars(member_id=ana.pk, name="Ana Serra", address="Mill Lane 4", actor=None)
    clock.move_to(at(5))
    start_leaving(member_id=ana.pk, reason="resignation", actor=None)
    clock.move_to(at(7))
    finish_leaving(member_id=ana.pk, actor=None)
    clock.move_to(at(9))
    assert seen(date(2025, 12, 31)) == []
    assert seen(date(2026, 2, 1)) == [(1, "Ana Ortiz", "active")]
    assert seen(date(2026, 4, 1)) == [(1, "Ana Serra", "active"), (2, "Ben", "active")]
    assert seen(date(2026, 6, 1))[0] == (1, "Ana Serra", "leaving")
    assert seen(date(2026, 8, 1))[0] == (1, "Ana Serra", "left")
    assert [row.name for row in members_at(date(2026, 8, 1))] == ["Ben"]
    assert counts_at(date(2026, 8, 1)) == {"active": 1, "left": 1}


def test_what_was_learnt_later_changes_the_day_but_not_what_we_knew(
    clock: time_machine.Traveller,
) -> None:
    ana = joined("Ana")
    clock.move_to(at(6))
    knew = timezone.now()
    change_state(
        member_id=ana.pk, to="suspended", reason="default", actor=None, text="Three unpaid."
    )
    clock.move_to(at(8))
    change_state(
        member_id=ana.pk,
        to="deceased",
        reason="death",
        actor=None,
        effective_on=date(2026, 5, 20),
    )
    july = date(2026, 7, 1)
    assert seen(july) == [(1, "Ana", "deceased")]
    assert seen(july, knew) == [(1, "Ana", "suspended")]
    assert seen(date(2026, 5, 19)) == [(1, "Ana", "active")]
    assert register_at(july)[0].ended_on == date(2026, 5, 20)
    assert register_at(july, knew)[0].ended_on is None


def test_an_address_told_late_holds_from_its_own_day(clock: time_machine.Traveller) -> None:
    ana = joined("Ana")
    clock.move_to(at(6))
    before = timezone.now()
    clock.move_to(at(7))
    change_particulars(
        member_id=ana.pk,
        name="Ana",
        address="Mill Lane 4",
        actor=None,
        valid_from=date(2026, 4, 1),
    )
    assert [row.address for row in register_at(date(2026, 5, 1))] == ["Mill Lane 4"]
    assert [row.address for row in register_at(date(2026, 5, 1), before)] == ["Ridge Road 1"]
    assert [row.address for row in register_at(date(2026, 3, 1))] == ["Ridge Road 1"]


def test_who_came_back_has_both_admissions(clock: time_machine.Traveller) -> None:
    ana = joined("Ana")
    clock.move_to(at(3))
    change_state(member_id=ana.pk, to="left", reason="transfer", actor=None)
    clock.move_to(at(5))
    change_state(member_id=ana.pk, to="applicant", reason="application", actor=None)
    waiting: Entry = register_at(date(2026, 5, 1))[0]
    assert (waiting.state, waiting.ended_on, waiting.reason) == (
        "applicant",
        date(2026, 3, 1),
        "transfer",
    )
    clock.move_to(at(6))
    admit(member_id=ana.pk, actor=None)
    back = register_at(date(2026, 6, 1))[0]
    assert (back.first_admitted_on, back.admitted_on) == (date(2026, 1, 1), date(2026, 6, 1))
    assert (back.state, back.ended_on) == ("active", None)


def test_pages_follow_each_other_by_number(clock: time_machine.Traveller) -> None:
    for name in "ABCDE":
        joined(name)
    day = date(2026, 1, 1)
    first = register_at(day, limit=2)
    rest = register_at(day, after=first[-1].number)
    assert [row.name for row in (*first, *rest)] == list("ABCDE")
