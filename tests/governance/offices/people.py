"""A town with five stewards, a node in it, and votes on both."""

from typing import Any

from django.test import Client

from governance.models import Emergency, Proposal
from governance.offices.emergencies import call_emergency, sign_emergency
from governance.services import close_and_count, open_ballot
from members.models import Member, User
from metering.models import Node
from tests.governance.votes import Town, end_voting, make_town, vote
from tests.makers import agree, make_steward
from tests.metering.machine import Machine, post

EVIDENCE = "Batches 4 and 4 of 12 May have the chain values aabbccddeeff00112233 and bb00."
REASON = "It signs two batches with one number."


def full_town(*, stewards: int = 5) -> tuple[Town, list[User]]:
    """A town whose votes on emergencies open at once, and its stewards, Stella first."""
    town = make_town()
    agree("ratification_notice_seconds", 0)
    users = [town.steward]
    for place in range(2, stewards + 1):
        user = make_steward(f"steward{place}")
        users.append(user)
        town.members[f"steward{place}"] = Member.objects.get(user=user)
    return town, users


def a_node() -> Node:
    """A node that has measured something."""
    machine = Machine().enrolled()
    post(machine.batches(0, 1))
    return machine.row


def signed_by(users: list[User], node: Node, *, evidence: str = EVIDENCE) -> Emergency:
    """An emergency called by the first of these stewards and signed by the others."""
    emergency = call_emergency(node=node, reason=REASON, evidence=evidence, actor=users[0])
    for user in users[1:]:
        sign_emergency(emergency_id=emergency.pk, actor=user)
    emergency.refresh_from_db()
    return emergency


def vote_on(town: Town, emergency: Emergency, **choices: str) -> Proposal:
    """The vote on an emergency held and counted."""
    assert emergency.proposal is not None
    proposal = open_ballot(proposal_id=emergency.proposal.pk, actor=None)
    return counted_by_time(town, proposal, **choices)


def counted_by_time(town: Town, proposal: Proposal, **choices: str) -> Proposal:
    """Vote and let time close and count: whom a vote concerns takes no step in it."""
    vote(town, proposal, **choices)
    end_voting(proposal)
    return close_and_count(proposal_id=proposal.pk, actor=None)


ALL_FOR: dict[str, str] = dict.fromkeys(("ana", "ben", "chloe"), "for")
ALL_AGAINST: dict[str, str] = dict.fromkeys(("ana", "ben", "chloe"), "against")


def as_user(user: Any) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(user)
    return client
