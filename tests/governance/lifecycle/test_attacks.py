"""Attacks on a vote, each by the name that the rules give it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from governance import board, own
from governance.errors import (
    BadPayload,
    NotAmongUsers,
    NotCorrectable,
    NotOnRoll,
    OtherBallot,
)
from governance.lifecycle.corrections import correct_roll
from governance.lifecycle.objections import object_to, standing_of
from governance.models import Execution, Proposal
from governance.receipts.checking import BROKEN, HOLDS, check
from governance.receipts.making import HEAD, consistency, leaves_of, receipt_file, signed_head
from governance.services import cast, close_and_count, execute, open_ballot, propose, publish
from governance.verify import recount, wrong_in_certificate, wrong_on_board
from members.identity.errors import NotSigned
from members.models import Member
from members.services import change_state
from policies.queries import policy
from signing import merkle, strict_json
from signing.errors import BadProof
from signing.keys import verify_document
from tests.governance.lifecycle.ways import (
    HOUR,
    announced,
    certified,
    open_now,
    owners_draft,
)
from tests.governance.votes import (
    NEW_PRICE,
    POOL,
    RESOURCE,
    Town,
    as_owner,
    broken,
    decide,
    make_town,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree, make_member
from tests.members.signers import Signer, with_key

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    return make_town()


def test_attack_policy_lowered_after_a_defeat(town: Town) -> None:
    agree("support", [3, 4, False])
    running = open_motion(town)
    votes = {"ana": "for", "ben": "for", "chloe": "against", "stella": "for"}
    lost = decide(town, open_motion(town), **(votes | {"stella": "against"}))
    agree("support", [1, 4, False])
    assert (lost.state, recount(lost).passed) == (State.FAILED, False)
    assert wrong_in_certificate(lost) == []
    assert close_and_count(proposal_id=lost.pk, actor=town.steward).state == State.FAILED
    late = decide(town, running, **(votes | {"stella": "against"}))
    assert (late.state, (late.terms or {})["support"]) == (State.FAILED, [3, 4, False])
    with pytest.raises(IntegrityError, match="announced"), transaction.atomic():
        connection.cursor().execute(
            "UPDATE governance_proposal SET terms = jsonb_set(terms, '{support}', '[0, 1, false]')"
        )
    assert broken() == []


def test_attack_copied_proposal(town: Town) -> None:
    """Whoever copies a proposal gets another one: its votes and hashes are not those."""
    ana = with_key(town.members["ana"])
    original = open_motion(town, key="chloes")
    copy = copied(town, original, key="chloes")
    assert copy.pk != original.pk
    publish(proposal_id=copy.pk, actor=town.steward)
    copy = open_ballot(proposal_id=copy.pk, actor=None)
    assert (copy.payload_hash, copy.title) == (original.payload_hash, original.title)
    assert copy.notice_hash != original.notice_hash
    signed = signed_by(ana, original, "for")
    with pytest.raises(OtherBallot):
        cast(proposal_id=copy.pk, member=ana.member, actor=None, envelope=signed)
    ballot = cast(proposal_id=original.pk, member=ana.member, actor=None, envelope=signed)
    file = receipt_file(ballot)
    assert {line.state for line in check(file)} <= {HOLDS, "absent"}
    for_the_copy = file | {"proposal": copy.pk}
    assert BROKEN in {line.state for line in check(for_the_copy)}


def copied(town: Town, original: Proposal, *, key: str) -> Proposal:
    ben = town.members["ben"]
    return propose(
        title=original.title, text=original.text, action=original.action,
        payload=original.payload, member=ben, actor=ben.user, key=key,
    )  # fmt: skip


def signed_by(signer: Signer, proposal: Proposal, choice: str) -> Any:
    draft = own.draft(proposal=proposal, member=signer.member, choice=choice, reason="")
    return signer.sign(draft)


def test_attack_member_expelled_mid_vote(town: Town) -> None:
    """Expelling those who vote otherwise changes neither the roll nor what they voted."""
    proposal = open_motion(town)
    vote(town, proposal, ana="against", chloe="against")
    for name in ("ana", "chloe", "ben"):
        expel(town.members[name])
    vote(town, proposal, ben="against")
    counted = decide(town, proposal, stella="for")
    users, owners = certified(counted)["users"], certified(counted)["owners"]
    assert (users["heads"], users["for"], users["against"]) == (4, 1, 3)
    assert (owners["heads"], owners["against"]) == (2, 2)
    assert counted.state == State.FAILED
    assert broken() == []


def expel(member: Member) -> None:
    change_state(
        member_id=member.pk, to="expelled", reason="expulsion", actor=None, text="In the way."
    )


def test_attack_bulk_sign_ups_after_notice(town: Town) -> None:
    """Whoever joins for a vote that was announced neither votes on it nor objects to it."""
    agree("notice_seconds", HOUR)
    agree("objection_share", [1, 2])
    proposal = announced(town, price_motion(town))
    owners = announced(town, owners_draft(town))
    crowd = [make_member(f"crowd{number}") for number in range(6)]
    standing = standing_of(owners)
    assert (standing.users, standing.needed) == (4, 2)
    with pytest.raises(NotAmongUsers):
        object_to(proposal_id=owners.pk, member=crowd[0])
    proposal = open_now(proposal)
    for member in crowd:
        with pytest.raises(NotOnRoll):
            cast(proposal_id=proposal.pk, member=member, choice="for", actor=member.user)
    with pytest.raises(NotCorrectable):
        correct_roll(
            proposal_id=proposal.pk, member=crowd[0], chambers=["users"], actor=town.steward,
            reason="A friend.",
        )  # fmt: skip
    counted = decide(town, proposal, ana="against", chloe="against", stella="against")
    assert certified(counted)["users"]["heads"] == 4
    assert counted.state == State.FAILED


def test_attack_replayed_envelope(town: Town) -> None:
    """What a member once signed does not come back, in this vote or another, by anybody."""
    ana, ben = with_key(town.members["ana"]), with_key(town.members["ben"])
    proposal, other = open_motion(town), open_motion(town)
    old = signed_by(ana, proposal, "for")
    how: dict[str, Any] = {"proposal_id": proposal.pk, "actor": None}
    first = cast(**how, member=ana.member, envelope=old)
    newer = cast(**how, member=ana.member, envelope=signed_by(ana, proposal, "against"))
    assert cast(**how, member=ana.member, envelope=old).pk == first.pk
    with pytest.raises(NotSigned):
        cast(**how, member=ben.member, envelope=old)
    with pytest.raises(OtherBallot):
        cast(proposal_id=other.pk, actor=None, member=ana.member, envelope=old)
    assert [b.index for b in proposal.ballots.all()] == [first.index, newer.index] == [1, 2]
    # The owner of the database enters the old envelope once more, as the newest.
    with transaction.atomic():
        as_owner(
            "INSERT INTO governance_ballot (proposal_id, index, member_id, choices, reason, key, "
            "attested, cast_at, envelope, own_envelope, leaf, link, receipt) SELECT proposal_id, "
            "3, member_id, choices, reason, 'again', attested, cast_at, envelope, own_envelope, "
            f"leaf, link, receipt FROM governance_ballot WHERE id = {first.pk}"
        )
    assert any("entry 3" in line for line in wrong_on_board(proposal))


def test_attack_truncated_board(town: Town) -> None:
    """Cutting off the last ballots shows in receipts, in heads, and against the certificate."""
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for", chloe="against")
    last = proposal.ballots.get(index=3)
    file, head = receipt_file(last), says(signed_head_of(proposal))
    counted = decide(town, proposal)
    with transaction.atomic():
        as_owner(f"DELETE FROM governance_ballot WHERE id = {last.pk}")
    assert wrong_on_board(proposal) == []
    assert any("not the certified" in line for line in wrong_in_certificate(counted))
    assert {line.name: line.state for line in check(file)}["site"] == BROKEN
    assert says(signed_head_of(proposal))["size"] < head["size"]
    assert broken() != []


def signed_head_of(proposal: Proposal) -> Any:
    return signed_head(proposal, leaves_of(proposal), proposal.opens_at or proposal.created_at)


def says(envelope: Any) -> dict[str, Any]:
    """What a head of a board says, if the cooperative signed it."""
    value: dict[str, Any] = strict_json.loads(verify_document(envelope, HEAD))
    return value


def test_attack_forged_tree_head(town: Town) -> None:
    """Two auditors who were shown two boards prove it with the cooperative's own signatures."""
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for", chloe="against")
    leaves = leaves_of(proposal)
    shown_to_one = says(signed_head_of(proposal))
    forged = [*leaves[:2], board.leaf_hash(b"another ballot of chloe")]
    shown_to_other = says(signed_head(proposal, forged, proposal.opens_at or proposal.created_at))
    assert shown_to_one["size"] == shown_to_other["size"]
    assert shown_to_one["root"] != shown_to_other["root"]
    assert shown_to_one["head"] != shown_to_other["head"]
    grown = [*forged, board.leaf_hash(b"one more")]
    path = [bytes.fromhex(step) for step in consistency(grown, 3, 4)]
    new_root = bytes.fromhex(board.merkle_root(grown))
    for head, fits in ((shown_to_other, True), (shown_to_one, False)):
        assert begins(3, bytes.fromhex(head["root"]), 4, new_root, path) is fits
    file = receipt_file(proposal.ballots.get(index=3))
    elsewhere = file | {"head": signed_head(proposal, forged, proposal.created_at).as_dict()}
    assert {line.name: line.state for line in check(elsewhere)}["inclusion"] == BROKEN


def begins(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    """Whether a proof shows that one board is the beginning of another."""
    try:
        merkle.verify_consistency(old, old_root, new, new_root, path)
    except BadProof:
        return False
    return True


def test_attack_payload_changed_after_notice(town: Town) -> None:
    """Neither the database nor the execution takes another payload than was announced."""
    proposal = decide(town, open_motion(town), ana="for", ben="for")
    cheap = f'{{"pool": "{POOL}", "resource": "{RESOURCE}", "price": 1}}'
    change = f"UPDATE governance_proposal SET payload = '{cheap}'"
    with pytest.raises(IntegrityError, match="announced"), transaction.atomic():
        connection.cursor().execute(change)
    with transaction.atomic():
        as_owner(change)
    with pytest.raises(BadPayload):
        execute(proposal_id=proposal.pk, actor=town.steward)
    rehashed = board.document_hash(Proposal.objects.get(pk=proposal.pk).payload)
    with transaction.atomic():
        as_owner(f"UPDATE governance_proposal SET payload_hash = '{rehashed}'")
    with pytest.raises(BadPayload):
        execute(proposal_id=proposal.pk, actor=town.steward)
    assert not Execution.objects.exists()
    assert any("no longer what notice" in line for line in broken())
    assert policy("posted_price", proposal.created_at, f"{POOL}:{RESOURCE}") not in (1, NEW_PRICE)
