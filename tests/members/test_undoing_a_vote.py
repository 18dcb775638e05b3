"""What a vote did to a member, no steward takes back alone; a mistake can be corrected."""

import pytest

from members.errors import DecidedByVote
from members.files import record_change
from members.models import Member
from members.services import change_state
from tests.makers import make_member, make_steward

pytestmark = pytest.mark.django_db


def suspended(name: str, source: str) -> Member:
    member = make_member(name)
    return change_state(
        member_id=member.pk, to="suspended", reason="suspension", text="Why.", source=source,
        actor=None,
    )  # fmt: skip


def test_only_a_vote_lifts_what_a_vote_imposed() -> None:
    steward = make_steward()
    by_vote, by_hand = suspended("Ben", "proposal:3"), suspended("Cara", "")
    with pytest.raises(DecidedByVote):
        record_change(steward, by_vote, to="active", reason="reinstatement", text="Enough.")
    by_vote.refresh_from_db()
    assert by_vote.state == "suspended"
    done = record_change(steward, by_hand, to="active", reason="reinstatement", text="Enough.")
    assert done.state == "active"


def test_an_expulsion_by_mistake_is_corrected() -> None:
    ben = make_member("Ben")
    out = change_state(
        member_id=ben.pk, to="expelled", reason="expulsion", text="Why.", source="proposal:3",
        actor=None,
    )  # fmt: skip
    steward = make_steward()
    with pytest.raises(DecidedByVote):
        record_change(steward, out, to="active", reason="appeal", text="Upheld.")
    back = record_change(steward, out, to="active", reason="correction", text="It was Bea.")
    assert back.state == "active"
