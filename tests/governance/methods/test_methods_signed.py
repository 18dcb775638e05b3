"""Ballots of every kind by members' own keys and programs, and sealed ones on the board."""

import base64
import hashlib
from typing import Any

import pytest
from django.test import Client

from governance import board, own
from governance.errors import BadSealedBallot, OldCounter, OtherBallot
from governance.models import Proposal
from governance.services import cast
from governance.verify import opened, wrong_on_board
from signing.dsse import Envelope
from tests.governance.methods.test_methods_votes import opened as open_vote
from tests.governance.votes import POOL, Town, end_voting, make_town, move
from tests.makers import agree
from tests.members.signers import Signer, with_key

pytestmark = pytest.mark.django_db(transaction=True)
ONE, OTHER, THIRD = (bytes([n]) * (1024 + 48) for n in (1, 2, 3))


def sealed_vote(town: Town) -> Proposal:
    """A vote of the owners whose ballots are sealed, as if its key had been dealt."""
    agree("subscriptions_open", value=False, scope=POOL)
    vote = open_vote(town, "motion", action="open_subscriptions", payload={"pool": POOL})
    move(vote, "ballot_kind = 'sealed'")
    return vote


def signed(signer: Signer, vote: Proposal, **says: Any) -> Envelope:
    envelope: Envelope = signer.sign(own.draft(proposal=vote, member=signer.member, **says))
    return envelope


def test_a_ranking_signed_with_ones_own_key_stands_on_the_board() -> None:
    town = make_town()
    ana, vote = with_key(town.members["ana"]), open_vote(town, "ranked")
    envelope = signed(ana, vote, choice=[["b"], ["c", "a"]])
    ballot = cast(proposal_id=vote.pk, member=ana.member, actor=None, envelope=envelope)
    assert (ballot.attested, ballot.choices["users"]) == (False, [["b"], ["a", "c"]])
    assert wrong_on_board(vote) == []


def test_a_sealed_ballot_is_a_hash_and_a_counter_on_the_board() -> None:
    town = make_town()
    vote, ana = sealed_vote(town), town.members["ana"]
    ballot = cast(proposal_id=vote.pk, member=ana, actor=None, sealed=ONE)
    document = opened(bytes(ballot.envelope), board.BALLOT)
    assert "choices" not in document
    assert document["sealed_sha256"] == hashlib.sha256(ONE).hexdigest()
    assert (document["counter"], ballot.choices, bytes(ballot.sealed or b"")) == (1, {}, ONE)
    assert cast(proposal_id=vote.pk, member=ana, actor=None, sealed=OTHER).counter == 2
    assert wrong_on_board(vote) == []


def test_attack_replayed_sealed_envelope_and_copied_ciphertext() -> None:
    town = make_town()
    vote, ana = sealed_vote(town), with_key(town.members["ana"])
    how: dict[str, Any] = {"proposal_id": vote.pk, "member": ana.member, "actor": None}
    first = signed(ana, vote, sealed=ONE, counter=5)
    entry = cast(**how, sealed=ONE, envelope=first)
    assert cast(**how, sealed=ONE, envelope=first) == entry
    with pytest.raises(OldCounter):
        cast(**how, sealed=OTHER, envelope=signed(ana, vote, sealed=OTHER, counter=5))
    with pytest.raises(OtherBallot):
        cast(**how, sealed=OTHER, envelope=signed(ana, vote, sealed=THIRD, counter=6))
    ben = town.members["ben"]
    for wrong in ({"sealed": ONE}, {"sealed": b"short"}, {"answer": "for"},
                  {"sealed": OTHER, "reason": "says it"}):  # fmt: skip
        with pytest.raises(BadSealedBallot):
            cast(proposal_id=vote.pk, member=ben, actor=None, **wrong)
    assert vote.ballots.count() == 1


def test_programs_cast_and_read_ballots_of_every_kind(client: Client) -> None:
    town = make_town()
    vote = open_vote(town, "score")
    ana = town.members["ana"]
    assert ana.user is not None
    client.force_login(ana.user)
    address = f"/api/v1/decisions/{vote.pk}"
    sent = {"answer": {"b": 5, "a": 1}}
    told = client.post(f"{address}/ballots/", sent, content_type="application/json")
    assert told.status_code == 201
    assert vote.ballots.get().choices["owners"] == {"a": 1, "b": 5}
    wrong = client.post(f"{address}/ballots/", {"answer": {"b": 6}}, "application/json")
    assert wrong.status_code >= 400
    drafted = client.post(f"{address}/ballots/drafts/", {"choice": {"b": 5}}, "application/json")
    assert drafted.status_code == 200
    shown = client.get(f"{address}/").json()
    assert [option["id"] for option in shown["options"]] == ["a", "b", "c"]
    [entry] = client.get(f"{address}/board/").json()
    assert (entry["envelope"], entry["sealed"], entry["sealed_sha256"]) == (None, None, None)


def test_ciphertexts_are_told_from_the_close_on_and_their_hashes_before(client: Client) -> None:
    town = make_town()
    vote = sealed_vote(town)
    ana = town.members["ana"]
    assert ana.user is not None
    client.force_login(ana.user)
    address = f"/api/v1/decisions/{vote.pk}"
    text = base64.b64encode(ONE).decode()
    told = client.post(f"{address}/ballots/", {"sealed": text}, "application/json")
    assert told.status_code == 201
    [entry] = client.get(f"{address}/board/").json()
    assert (entry["sealed"], entry["sealed_sha256"]) == (None, hashlib.sha256(ONE).hexdigest())
    end_voting(vote)
    move(vote, "state = 'counting'")
    [entry] = client.get(f"{address}/board/").json()
    assert entry["sealed"] == text
