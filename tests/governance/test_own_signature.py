"""Ballots that members sign with keys of their own."""

import base64
import json
from dataclasses import replace

import pytest
from django.db import transaction
from django.test import Client

from governance import board, own
from governance.errors import NotOnRoll, OtherBallot, VotingClosed
from governance.models import Ballot
from governance.services import cast
from governance.verify import opened, wrong_on_board
from ledger.errors import KeyConflict
from members.identity.errors import KeyEnded, NoKey, NotSigned, StatementChanged
from members.identity.statements import Draft
from members.services import revoke_key
from signing import strict_json
from tests.governance.votes import (
    Town,
    as_owner,
    end_voting,
    make_town,
    open_motion,
    vote,
)
from tests.makers import make_member
from tests.members.signers import Signer, rotate, with_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town() -> Town:
    return make_town()


def sign(signer: Signer, proposal: object, choice: str, reason: str = "") -> object:
    draft = own.draft(proposal=proposal, member=signer.member, choice=choice, reason=reason)  # type: ignore[arg-type]
    return signer.sign(draft)


def test_a_signed_vote_stands_on_the_board_by_its_hash(town: Town) -> None:
    ana, proposal = with_key(town.members["ana"]), open_motion(town)
    envelope = sign(ana, proposal, "for", "More evenings.")
    how = {"proposal_id": proposal.pk, "member": ana.member, "actor": None}
    ballot = cast(**how, envelope=envelope, reason="More evenings.")
    document = opened(bytes(ballot.envelope), board.BALLOT)
    assert (ballot.attested, document["attested"]) == (False, False)
    assert document["own_sha256"] == own.hash_of(bytes(ballot.own_envelope or b""))
    assert ana.public_key not in json.dumps(document)
    assert set(ballot.choices.values()) == {"for"}
    assert cast(**how, envelope=envelope, reason="More evenings.") == ballot
    with pytest.raises(KeyConflict):
        cast(**how, envelope=envelope, reason="Fewer evenings.")
    vote(town, proposal, ben="against")
    assert wrong_on_board(proposal) == []
    assert [b.attested for b in proposal.ballots.order_by("index")] == [False, True]


def test_an_old_signed_vote_never_replaces_a_newer_one(town: Town) -> None:
    ana, proposal = with_key(town.members["ana"]), open_motion(town)
    how = {"proposal_id": proposal.pk, "member": ana.member, "actor": None}
    first = sign(ana, proposal, "for")
    entries = [cast(**how, envelope=first), cast(**how, envelope=sign(ana, proposal, "against"))]
    assert cast(**how, envelope=first).index == entries[0].index
    assert Ballot.objects.count() == 2


def test_forged_and_foreign_votes_are_refused(town: Town) -> None:
    ana, ben = with_key(town.members["ana"]), with_key(town.members["ben"])
    proposal = open_motion(town)
    how = {"proposal_id": proposal.pk, "actor": None}
    anas = sign(ana, proposal, "for")
    with pytest.raises(NotSigned):
        cast(**how, member=ben.member, envelope=anas)
    draft = own.draft(proposal=proposal, member=ana.member, choice="for", reason="")
    with pytest.raises(NotSigned):
        cast(**how, member=ana.member, envelope=ben.sign(draft))
    with pytest.raises(OtherBallot):
        cast(**how, member=ben.member, envelope=ben.sign(draft))
    said = {**strict_json.loads(draft.payload), "choices": {"heads": "against"}}
    forged = replace(draft, payload=strict_json.dumps(said))
    with pytest.raises(StatementChanged):
        cast(**how, member=ana.member, envelope=ana.sign(forged))
    with pytest.raises(OtherBallot):
        cast(**how, member=ana.member, envelope=anas, reason="A reason that was not signed.")
    other = open_motion(town, key="another", price=7)
    with pytest.raises(OtherBallot):
        cast(proposal_id=other.pk, actor=None, member=ana.member, envelope=anas)
    assert Ballot.objects.count() == 0


def test_a_key_must_be_the_members_at_that_moment(town: Town) -> None:
    proposal, ana = open_motion(town), Signer(town.members["ana"])
    how = {"proposal_id": proposal.pk, "member": ana.member, "actor": None}
    with pytest.raises(NoKey):
        cast(**how, envelope=sign(ana, proposal, "for"))
    ana = with_key(ana.member)
    late = sign(ana, proposal, "for")
    new = rotate(ana)
    with pytest.raises(KeyEnded):
        cast(**how, envelope=late)
    cast(**how, envelope=sign(new, proposal, "for"))
    revoke_key(member_id=ana.member.pk, end="exposed", actor=None)
    with pytest.raises(KeyEnded):
        cast(**how, envelope=sign(new, proposal, "against"))
    assert wrong_on_board(proposal) == []


def test_who_is_not_on_the_roll_and_who_is_late(town: Town) -> None:
    proposal, ana = open_motion(town), with_key(town.members["ana"])
    with pytest.raises(NotOnRoll):
        own.draft(proposal=proposal, member=make_member("Late"), choice="for", reason="")
    envelope = sign(ana, proposal, "for")
    end_voting(proposal)
    with pytest.raises(VotingClosed):
        cast(proposal_id=proposal.pk, member=ana.member, actor=None, envelope=envelope)


@pytest.mark.parametrize(
    "change",
    ["attested = true", "own_envelope = NULL", "own_envelope = '{}'", "own_envelope = envelope"],
)
def test_verification_finds_a_changed_statement(town: Town, change: str) -> None:
    ana, proposal = with_key(town.members["ana"]), open_motion(town)
    cast(
        proposal_id=proposal.pk,
        member=ana.member,
        actor=None,
        envelope=sign(ana, proposal, "for"),
    )
    with transaction.atomic():
        as_owner(f"UPDATE governance_ballot SET {change}")
    assert len(wrong_on_board(proposal)) == 1


def test_pages_and_api_take_signed_votes(town: Town) -> None:
    ana, ben = with_key(town.members["ana"]), with_key(town.members["ben"])
    proposal, client = open_motion(town), Client()
    client.force_login(ana.member.user)
    base = f"/decisions/{proposal.pk}/vote/sign/"
    assert client.get(base).status_code == 200
    page = client.get(f"{base}?choice=for&reason=Yes.")
    assert "This is my vote." in page.content.decode()
    draft = Draft(own.KIND, base64.b64decode(json.loads(page.context["statement"])["payload"]))
    assert client.post(f"{base}?choice=for&reason=Yes.", {"envelope": "{}"}).status_code == 422
    answer = client.post(
        f"{base}?choice=for&reason=Yes.", {"envelope": ana.sign(draft).as_json().decode()}
    )
    assert answer.status_code == 303
    assert "with your own key" in client.get(answer.headers["Location"]).content.decode()
    client.force_login(ben.member.user)
    path = f"/api/v1/decisions/{proposal.pk}/ballots/"
    wire = client.post(f"{path}drafts/", {"choice": "against"}, "application/json").json()
    draft = Draft(wire["payloadType"], base64.b64decode(wire["payload"]))
    sent = client.post(path, {"envelope": ben.sign(draft).as_dict()}, "application/json")
    assert (sent.status_code, sent.json()["attested"]) == (201, False)
    assert client.post(path, {"envelope": {"x": 1}}, "application/json").status_code == 400
    assert wrong_on_board(proposal) == []
