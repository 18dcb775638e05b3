"""Votes on nodes that are held back: confirmed, released, revoked."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from governance.actions import ACTIONS
from governance.errors import BadPayload
from governance.forms import ProposalForm
from governance.models import Execution, Proposal
from governance.proposing import PROPOSAL_FORMS
from governance.services import execute, open_ballot, propose, publish
from metering import services
from metering.errors import NotPossibleNow, VoteNeeded
from metering.models import KeyRevocation, Node, NodeStateChange
from metering.trust.standing import standing_of
from tests.governance.votes import Town, as_owner, broken, decide, make_town
from tests.metering.machine import Machine, post

pytestmark = pytest.mark.django_db(transaction=True)
NODE_ACTIONS = ("confirm_quarantine", "release_node", "revoke_node")


def motion(town: Town, action: str, node: Node) -> Proposal:
    """A motion on a node whose ballot is open."""
    chloe = town.members["chloe"]
    draft = propose(
        title="The gate’s node",
        text="As told at the meeting.",
        action=action,
        payload={"node": str(node.uuid), "reason": "We looked at its meters."},
        member=chloe,
        actor=chloe.user,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def carried(town: Town, proposal: Proposal) -> Proposal:
    decided = decide(town, proposal, ana="for", ben="for", chloe="for")
    return execute(proposal_id=decided.pk, actor=town.steward)


def quarantined(town: Town) -> Node:
    machine = Machine().enrolled()
    post(machine.batches(0, 1))
    services.quarantine_node(actor=town.steward, node=machine.row, reason="it lies")
    return Node.objects.get(pk=machine.row.pk)


def test_a_confirmed_quarantine_has_no_end_and_a_vote_ends_it() -> None:
    town = make_town()
    node = quarantined(town)
    confirmed = carried(town, motion(town, "confirm_quarantine", node))
    standing = standing_of(node)
    assert confirmed.state == Proposal.State.EXECUTED
    assert (standing.state, standing.until) == ("quarantined", None)
    assert standing.source == f"proposal:{confirmed.pk}"
    with pytest.raises(VoteNeeded):
        services.release_node(actor=town.steward, node=node, reason="enough")
    again = carried(town, motion(town, "release_node", node))
    assert (again.state, standing_of(node).state) == (Proposal.State.EXECUTED, "active")
    assert broken() == []


def test_a_vote_that_revokes_says_before_how_far_each_key_counts() -> None:
    town = make_town()
    node = quarantined(town)
    proposal = motion(town, "revoke_node", node)
    shown = Client().get(f"/api/v1/decisions/{proposal.pk}/").json()["preview"]
    assert (shown["before"], shown["after"]) == ("quarantined", "revoked")
    assert shown["keys"] == [{"epoch": 1, "last_seq": 2}]
    page = Client().get(f"/decisions/{proposal.pk}/").text
    assert "is trusted no more, for good" in page and "Key 1 counts up to batch 2." in page
    done = carried(town, proposal)
    assert KeyRevocation.objects.get().source == f"proposal:{done.pk}"
    assert Execution.objects.get(proposal=done).effects[0]["state"] == "revoked"
    came = Client().get(f"/decisions/{done.pk}/").text.split("What came of it")[1]
    assert f"node {str(node.uuid)[:8]}" in came and "revoked" in came
    assert broken() == []
    as_owner_in_a_transaction(f"DELETE FROM metering_keyrevocation WHERE node_id = {node.pk}")
    assert len(broken()) == 1


def as_owner_in_a_transaction(sql: str) -> None:
    from django.db import transaction

    with transaction.atomic():
        as_owner(sql)


def test_what_was_decided_meanwhile_is_refused_and_nothing_changes() -> None:
    town = make_town()
    node = quarantined(town)
    proposal = motion(town, "release_node", node)
    services.revoke_node(actor=town.steward, node=node, reason="its key was sold")
    assert carried(town, proposal).state == Proposal.State.REFUSED
    assert NodeStateChange.objects.latest("pk").state == "revoked"


@pytest.mark.parametrize("action", NODE_ACTIONS)
def test_a_payload_that_names_no_node_or_no_reason_is_refused(action: str) -> None:
    town = make_town()
    node = quarantined(town)
    wrong: list[dict[str, Any]] = [
        {"node": "nobody", "reason": "x"},
        {"node": str(node.uuid).upper(), "reason": "x"},
        {"node": str(node.uuid), "reason": " "},
    ]
    for payload in wrong:
        with pytest.raises(BadPayload):
            ACTIONS[action].check(payload)
    undone = ACTIONS[action].opposite(ACTIONS[action].dry_run(wrong[2]), [])
    release = ("release_node", {"node": str(node.uuid), "reason": ""})
    assert undone == (release if action == "confirm_quarantine" else None)
    services.revoke_node(actor=town.steward, node=node, reason="gone")
    with pytest.raises(NotPossibleNow):
        ACTIONS[action].check({"node": str(node.uuid), "reason": "x"})


@pytest.mark.parametrize("action", NODE_ACTIONS)
def test_a_member_proposes_it_with_a_form(action: str) -> None:
    town = make_town()
    node = quarantined(town)
    client = Client()
    user = town.members["chloe"].user
    assert user is not None
    client.force_login(user)
    page = client.get(f"/decisions/new/{action}/")
    assert page.status_code == 200 and f"{node.label} (quarantined)" in page.text
    typed = {
        "node": node.pk,
        "reason": "seen",
        "title": "T",
        "text": "W",
        "key": f"{timezone.now()}",
    }
    made = client.post(f"/decisions/new/{action}/", typed)
    assert made.status_code == 303
    assert Proposal.objects.get().payload == {"node": str(node.uuid), "reason": "seen"}
    form: type[ProposalForm] = PROPOSAL_FORMS[action]
    assert not form({**typed, "node": 0}).is_valid()
