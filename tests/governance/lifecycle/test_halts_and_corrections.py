"""What auditors halt (R18), who is added to a roll (R7), when a vote is extended (R14)."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from governance.errors import (
    Halted,
    HaltedAlready,
    NotAuditor,
    NotCorrectable,
    NotOfThisChamber,
    NotOnRoll,
    OnRollAlready,
    VotingClosed,
    WrongState,
)
from governance.lifecycle.corrections import CORRECTION, correct_roll
from governance.lifecycle.halts import halt
from governance.models import Delivery, Proposal, RollCorrection
from governance.services import advance, close_and_count, execute, open_ballot, publish
from ledger.models import Document
from members.models import Member
from signing import strict_json
from signing.dsse import Envelope
from signing.keys import verify_document
from tests.governance.lifecycle.ways import certified, make_auditor
from tests.governance.votes import (
    Town,
    as_owner,
    broken,
    decide,
    end_voting,
    make_town,
    move,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    return make_town()


def halt_over(proposal: Proposal) -> None:
    with transaction.atomic():
        as_owner("UPDATE governance_halt SET until = at")


def test_a_halt_keeps_a_result_from_being_certified_until_it_ends(town: Town) -> None:
    auditor = make_auditor()
    proposal = open_motion(town)
    made = halt(proposal_id=proposal.pk, actor=auditor, reason="The roll looks wrong.")
    assert proposal.closes_at is not None
    assert made.until - proposal.closes_at == timedelta(days=7)
    vote(town, proposal, ana="for", ben="for")
    end_voting(proposal)
    with pytest.raises(Halted):
        close_and_count(proposal_id=proposal.pk, actor=None)
    assert advance() == []
    with pytest.raises(VotingClosed):
        vote(town, proposal, chloe="against")
    halt_over(proposal)
    assert close_and_count(proposal_id=proposal.pk, actor=None).state == State.TIMELOCKED


def test_a_halt_moves_execution_and_the_time_for_it(town: Town) -> None:
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    made = halt(proposal_id=proposal.pk, actor=make_auditor(), reason="Wait.")
    proposal.refresh_from_db()
    assert proposal.executes_from == made.until
    assert proposal.expires_at == made.until + timedelta(hours=1)
    assert advance() == []
    halt_over(proposal)
    move(proposal, "executes_from = decided_at")
    assert execute(proposal_id=proposal.pk, actor=None).state == State.EXECUTED


def test_only_an_auditor_halts_and_once_in_a_vote(town: Town) -> None:
    proposal = open_motion(town)
    auditor = make_auditor()
    with pytest.raises(NotAuditor):
        halt(proposal_id=proposal.pk, actor=town.steward, reason="Mine.")
    halt(proposal_id=proposal.pk, actor=auditor, reason="Once.")
    with pytest.raises(HaltedAlready):
        halt(proposal_id=proposal.pk, actor=auditor, reason="Twice.")
    draft = price_motion(town)
    with pytest.raises(WrongState):
        halt(proposal_id=draft.pk, actor=auditor, reason="Nothing to halt.")
    page = Client().get(reverse("governance:decision", args=[proposal.pk])).content.decode()
    assert "Once." in page


def left_off(town: Town, name: str = "chloe") -> Proposal:
    """An open motion from whose rolls somebody was left off, because a delivery got lost."""
    draft = publish(proposal_id=price_motion(town).pk, actor=town.steward)
    lost = Delivery.objects.get(proposal=draft, member=town.members[name])
    with transaction.atomic():
        as_owner(f"DELETE FROM governance_delivery WHERE id = {lost.pk}")
    return open_ballot(proposal_id=draft.pk, actor=None)


def correct(town: Town, proposal: Proposal, name: str, *chambers: str) -> list[RollCorrection]:
    return correct_roll(
        proposal_id=proposal.pk,
        member=town.members[name],
        chambers=list(chambers or ("users",)),
        actor=town.steward,
        reason="The delivery was lost.",
    )


def test_who_was_wrongly_left_off_is_added_signed_and_counted(town: Town) -> None:
    proposal = left_off(town)
    with pytest.raises(NotOnRoll):
        vote(town, proposal, chloe="against")
    root = proposal.chambers.get(name="users").root
    [correction] = correct(town, proposal, "chloe")
    said = strict_json.loads(
        verify_document(Envelope.from_json(bytes(correction.envelope)), CORRECTION)
    )
    assert (said["chamber"], said["position"], said["roll_root"]) == ("users", 4, root)
    assert "chloe" not in str(said)
    digest = hashlib.sha256(bytes(correction.envelope)).digest()
    assert Document.objects.filter(kind="roll-correction", digest=digest).exists()
    counted = decide(town, proposal, ana="for", ben="for", chloe="against")
    users = certified(counted)["users"]
    assert (users["heads"], users["for"], users["against"]) == (4, 2, 1)
    assert counted.chambers.get(name="users").root == root
    assert broken() == []
    api = Client().get(reverse("governance:api_corrections", args=[proposal.pk])).json()
    assert [row["position"] for row in api] == [4]


def test_an_owner_left_off_both_rolls_has_one_pseudonym(town: Town) -> None:
    proposal = left_off(town, "ben")
    correct(town, proposal, "ben", "users")
    correct(town, proposal, "ben", "owners")
    rows = RollCorrection.objects.values_list("row__voter", flat=True)
    assert len(rows) == 2
    assert len(set(rows)) == 1
    assert decide(town, proposal, ana="for", ben="for").state == State.TIMELOCKED
    assert broken() == []


def test_nobody_else_gets_onto_a_roll(town: Town) -> None:
    proposal = left_off(town)
    town.members["late"] = make_member("late")
    with pytest.raises(NotCorrectable):
        correct(town, proposal, "late")
    with pytest.raises(NotCorrectable):
        correct(town, proposal, "stella")
    with pytest.raises(OnRollAlready):
        correct(town, proposal, "ana")
    with pytest.raises(NotOfThisChamber):
        correct(town, proposal, "chloe", "owners")
    with pytest.raises(NotOfThisChamber):
        correct(town, proposal, "chloe", "moon")
    with pytest.raises(NotCorrectable):
        correct_roll(
            proposal_id=proposal.pk, member=town.members["chloe"], chambers=["users"],
            actor=town.members["ana"].user or town.steward, reason="I want her.",
        )  # fmt: skip
    end_voting(proposal)
    with pytest.raises(VotingClosed):
        correct(town, proposal, "chloe")
    assert not RollCorrection.objects.exists()
    assert Member.objects.count() == 5


def late_vote(town: Town, *, hours_before_close: int) -> Proposal:
    """A motion of ten days whose close is so far away."""
    agree("voting_seconds", 10 * 86_400)
    proposal = open_motion(town)
    began = "opens_at = now() - interval '9 days', notice_at = now() - interval '9 days'"
    move(proposal, f"{began}, closes_at = now() + interval '{hours_before_close} hours'")
    return proposal


def test_a_quorum_first_met_late_extends_the_vote_once(town: Town) -> None:
    agree("approval_quorum", [1, 2, False])
    proposal = late_vote(town, hours_before_close=3)
    before = proposal.closes_at
    assert before is not None
    vote(town, proposal, ana="for")
    proposal.refresh_from_db()
    assert proposal.closes_at == before
    vote(town, proposal, ben="for")
    proposal.refresh_from_db()
    assert proposal.closes_at == before + timedelta(days=1)
    assert proposal.extended_at is not None
    vote(town, proposal, ben="against")
    vote(town, proposal, ben="for")
    proposal.refresh_from_db()
    assert proposal.closes_at == before + timedelta(days=1)
    later = "UPDATE governance_proposal SET closes_at = closes_at + interval '1 hour'"
    with pytest.raises(IntegrityError, match="dates"), transaction.atomic():
        connection.cursor().execute(later)
    page = Client().get(reverse("governance:decision", args=[proposal.pk]))
    assert "moved once" in page.content.decode()


def test_a_quorum_met_early_or_never_extends_nothing(town: Town) -> None:
    agree("approval_quorum", [1, 2, False])
    early = late_vote(town, hours_before_close=30)
    vote(town, early, ana="for", ben="for")
    early.refresh_from_db()
    assert early.extended_at is None
    never = late_vote(town, hours_before_close=3)
    vote(town, never, ana="for", ben="against", chloe="against")
    never.refresh_from_db()
    assert never.extended_at is None
