"""Admitting, suspending and expelling by vote, from the proposal to the event."""

from typing import Any

import pytest
from django.test import Client

from governance.actions import ACTIONS
from governance.errors import BadPayload
from governance.forms import AdmitMemberForm, AgainstMemberForm
from governance.models import Proposal
from governance.services import execute, open_ballot, propose, publish
from members.errors import NotAnApplicant, StateRefused
from members.models import MemberEvent
from members.services import admit, change_state
from tests.governance.votes import Town, broken, decide, make_town
from tests.makers import agree
from tests.members.lives import applicant

pytestmark = pytest.mark.django_db(transaction=True)
AGAINST = {"reason": "Sold our readings.", "appeal": "To the board, within 30 days."}


def motion(town: Town, action: str, payload: dict[str, Any]) -> Proposal:
    """A motion on a member whose ballot is open."""
    chloe = town.members["chloe"]
    draft = propose(
        title="Who belongs to us",
        text="As told at the meeting.",
        action=action,
        payload=payload,
        member=chloe,
        actor=chloe.user,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def carried(town: Town, proposal: Proposal) -> Proposal:
    decided = decide(town, proposal, ana="for", ben="for", chloe="for")
    return execute(proposal_id=decided.pk, actor=town.steward)


def test_a_vote_admits_where_policy_leaves_it_to_the_members() -> None:
    town, waiting = make_town(), applicant("Dora")
    agree("admission_by_vote", True)
    done = carried(town, motion(town, "admit_member", {"member": waiting.pk}))
    waiting.refresh_from_db()
    assert (done.state, waiting.state, waiting.number) == (Proposal.State.EXECUTED, "active", 5)
    event = MemberEvent.objects.get(member=waiting, to_state="active")
    assert event.source == f"proposal:{done.pk}"
    assert broken() == []


@pytest.mark.parametrize(
    ("action", "state"), [("suspend_member", "suspended"), ("expel_member", "expelled")]
)
def test_a_vote_against_a_member_says_why_and_how_to_appeal(action: str, state: str) -> None:
    town = make_town()
    ben = town.members["ben"]
    proposal = motion(town, action, {"member": ben.pk, **AGAINST})
    page = f"/decisions/{proposal.pk}/"
    public, member = Client(), Client()
    member.force_login(town.steward)
    assert "Sold our readings." in member.get(page).text
    assert "ben" not in public.get(page).text.split("<main")[1].split("</main>")[0]
    shown = public.get(f"/api/v1/decisions/{proposal.pk}/").json()
    assert shown["payload"] == {"member": ben.pk}
    assert "reason" not in shown["preview"]
    own = member.get(f"/api/v1/decisions/{proposal.pk}/").json()
    assert own["payload"]["reason"] == "Sold our readings."
    carried(town, proposal)
    ben.refresh_from_db()
    event = MemberEvent.objects.filter(member=ben).latest("pk")
    assert (ben.state, event.text, event.appeal) == (state, *AGAINST.values())
    assert "ben" in member.get(page).text
    assert broken() == []
    MemberEvent.objects.filter(pk=event.pk).update(text="", forgotten_at=event.recorded_at)
    assert broken() == []


def test_what_was_decided_meanwhile_is_refused_and_nothing_changes() -> None:
    town, waiting = make_town(), applicant("Dora")
    proposal = motion(town, "admit_member", {"member": waiting.pk})
    admit(member_id=waiting.pk, actor=None)
    assert carried(town, proposal).state == Proposal.State.REFUSED
    ben = town.members["ben"]
    proposal = motion(town, "expel_member", {"member": ben.pk, **AGAINST})
    change_state(member_id=ben.pk, to="left", reason="resignation", actor=None)
    decided = decide(town, proposal, ana="for", chloe="for")
    assert execute(proposal_id=decided.pk, actor=None).state == Proposal.State.REFUSED
    ben.refresh_from_db()
    assert ben.state == "left"


def test_a_payload_that_names_nobody_or_no_reason_is_refused() -> None:
    town = make_town()
    ben = town.members["ben"]
    with pytest.raises(NotAnApplicant):
        ACTIONS["admit_member"].check({"member": ben.pk})
    for payload in ({"member": 0, **AGAINST}, {"member": ben.pk, "reason": " ", "appeal": ""}):
        with pytest.raises(BadPayload):
            ACTIONS["expel_member"].check(payload)
    change_state(member_id=ben.pk, to="suspended", reason="default", actor=None)
    with pytest.raises(StateRefused):
        ACTIONS["suspend_member"].check({"member": ben.pk, **AGAINST})


def test_the_forms_find_whom_they_name() -> None:
    town, waiting = make_town(), applicant("Dora")
    words = {"title": "t", "text": "x", "key": "k"}
    form = AdmitMemberForm(words | {"application": str(waiting.pk)})
    assert form.is_valid()
    assert form.payload() == {"member": waiting.pk}
    assert not AdmitMemberForm(words | {"application": str(town.members["ben"].pk)}).is_valid()
    against = AgainstMemberForm(words | AGAINST | {"number": "3"})
    assert against.is_valid()
    assert against.payload()["reason"] == AGAINST["reason"]
    assert not AgainstMemberForm(words | AGAINST | {"number": "99"}).is_valid()
