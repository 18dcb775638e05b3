"""Taking over a register that was kept elsewhere, with its numbers, dates and gaps."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from members.errors import NumberNotFree
from members.invariants import INVARIANTS, member_numbers_have_no_gap
from members.models import Member, NumberVoid
from members.registers import counts_at, register_at
from members.services import Former, admit, take_over, void_numbers
from tests.makers import make_cooperative
from tests.members.lives import applicant

pytestmark = pytest.mark.django_db

FORMER = [
    Former(number=1, name="Ana", admitted_on=date(1996, 3, 1), address="Ridge 1"),
    Former(
        number=3,
        name="Ben",
        admitted_on=date(1998, 5, 1),
        ended_on=date(2011, 12, 31),
        end_state="deceased",
        end_reason="death",
        email="ben@example.org",
    ),
]


def void(*numbers: int) -> None:
    void_numbers(kind="member", numbers=numbers, reason="page torn", source="import", actor=None)


def test_a_former_register_shows_its_own_days_and_new_numbers_go_on_behind_it() -> None:
    make_cooperative()
    ana, ben = take_over(rows=FORMER, source="import:1", actor=None)
    assert member_numbers_have_no_gap() != []
    void(2, 4)
    assert [line for check in INVARIANTS for line in check()] == []
    assert admit(member_id=applicant("Carla").pk, actor=None).number == 5
    assert member_numbers_have_no_gap() == []
    assert counts_at(date(1997, 1, 1)) == {"active": 1}
    assert counts_at(date(2012, 1, 1)) == {"active": 1, "deceased": 1}
    assert [row.number for row in register_at(date(2000, 1, 1))] == [1, 3]
    assert (ana.state, ben.state, ben.ended_on) == ("active", "deceased", date(2011, 12, 31))


def test_a_number_that_is_held_void_or_named_twice_brings_nothing_in() -> None:
    make_cooperative()
    admit(member_id=applicant("First").pk, actor=None)
    for rows in ([FORMER[0]], [FORMER[1], FORMER[1]]):
        with pytest.raises(NumberNotFree), transaction.atomic():
            take_over(rows=rows, source="import:1", actor=None)
    void(3)
    with pytest.raises(NumberNotFree), transaction.atomic():
        take_over(rows=[FORMER[1]], source="import:1", actor=None)
    with pytest.raises(NumberNotFree), transaction.atomic():
        void(1)
    assert Member.objects.count() == 1


def test_a_void_number_stays_void() -> None:
    make_cooperative()
    void(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberVoid.objects.all().delete()
    assert admit(member_id=applicant().pk, actor=None).number == 2
