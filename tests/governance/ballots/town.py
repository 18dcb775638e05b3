"""Votes of every kind for these tests."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from governance.models import Ballot, Proposal
from governance.queries import chambers_of
from governance.services import cast, close_and_count, open_ballot, propose, publish
from tests.governance.votes import Town, end_voting

WAYS = ("Fix the old mast", "Build a second mast", "Lay fibre")


def opened(town: Town, kind: str, *names: str, seats: int = 1) -> Proposal:
    """A decision in words whose ballot is open."""
    chloe = town.members["chloe"]
    draft = propose(
        title="What about the evenings?",
        text="The mast is full every evening.",
        action="resolution",
        payload={},
        member=chloe,
        actor=chloe.user,
        kind=kind,
        options=[{"name": name} for name in names],
        seats=seats,
    )
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def answer(town: Town, proposal: Proposal, **answers: Any) -> dict[str, Ballot]:
    """Ballots by the names of members, the same in all their chambers."""
    found = {}
    for name, said in answers.items():
        member = town.members[name]
        given = dict.fromkeys(chambers_of(proposal, member), said)
        found[name] = cast(proposal_id=proposal.pk, member=member, actor=member.user, answers=given)
    return found


def ended(proposal: Proposal) -> Proposal:
    """The vote after its close, counted."""
    end_voting(proposal)
    return close_and_count(proposal_id=proposal.pk, actor=None)


def as_member(town: Town, name: str) -> Client:
    """A signed-in window."""
    client, user = Client(), town.members[name].user
    assert user is not None
    client.force_login(user)
    return client


def sent(client: Client, proposal: Proposal, **fields: str) -> HttpResponse:
    """The ballot's form sent."""
    return client.post(f"/decisions/{proposal.pk}/vote/", fields)  # type: ignore[return-value]
