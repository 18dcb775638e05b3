"""The member number contested by twenty connections, some of which fail."""

from collections.abc import Callable

import pytest
from django.db import transaction

from members.invariants import INVARIANTS
from members.models import Cooperative, Member, MemberEvent
from members.services import admit, change_state
from tests.at_once import run_at_once
from tests.makers import make_cooperative, make_member
from tests.members.lives import applicant
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
CONNECTIONS = 20


class GaveUp(Exception):
    """A transaction that had its number and rolled back."""


def admission(member: Member, *, fails: bool) -> Callable[[], object]:
    def run() -> object:
        with transaction.atomic():
            number = admit(member_id=member.pk, actor=None).number
            if fails:
                raise GaveUp
        return number

    return run


def test_twenty_connections_get_numbers_without_a_gap_though_every_third_fails() -> None:
    make_cooperative()
    waiting = [applicant(f"Member {n}") for n in range(CONNECTIONS)]
    results = run_at_once([admission(m, fails=n % 3 == 0) for n, m in enumerate(waiting)])
    given = sorted(number for number in results if isinstance(number, int))
    assert given == list(range(1, len(given) + 1))
    assert sum(isinstance(result, GaveUp) for result in results) == 7
    assert len(given) == 13
    assert Cooperative.objects.get().next_member_number == 14
    assert [line for check in INVARIANTS for line in check()] == []


def test_twenty_connections_that_record_one_death_record_it_once() -> None:
    member = make_member()

    def die() -> str:
        return str(
            change_state(member_id=member.pk, to="deceased", reason="death", actor=None).state
        )

    assert at_once(*[die] * CONNECTIONS) == ["deceased"] * CONNECTIONS
    assert MemberEvent.objects.filter(to_state="deceased").count() == 1
