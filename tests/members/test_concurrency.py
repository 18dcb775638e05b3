"""Admissions that happen at the same moment, on connections of their own."""

from collections.abc import Callable

import pytest

from members import bylaws
from members.invariants import member_numbers_have_no_gap
from members.models import Cooperative, Member
from members.services import admit, apply
from tests.makers import make_cooperative
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def applicant(name: str) -> Member:
    return apply(
        user=None,
        name=name,
        kind=Member.Kind.PERSON,
        address="",
        bylaws_version=bylaws.VERSION,
        consents_to_conversion=True,
        actor=None,
    )


def admission(member: Member) -> Callable[[], int | None]:
    return lambda: admit(member_id=member.pk, actor=None).number


def test_many_admitted_at_once_get_numbers_without_a_gap() -> None:
    make_cooperative()
    numbers = at_once(*(admission(applicant(f"Member {n}")) for n in range(12)))
    assert sorted(filter(None, numbers)) == list(range(1, 13))
    assert member_numbers_have_no_gap() == []


def test_one_applicant_admitted_by_many_stewards_gets_one_number() -> None:
    make_cooperative()
    member = applicant("Ana")
    assert at_once(*(admission(member) for _ in range(8))) == [1] * 8
    assert Cooperative.objects.get().next_member_number == 2
