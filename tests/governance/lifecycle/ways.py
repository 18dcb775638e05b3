"""Proposals on their way, for tests."""

from typing import Any

from governance.lifecycle.objections import object_to
from governance.models import Proposal
from governance.services import open_ballot, propose, publish
from members.models import Member, Role, User
from members.services import grant_role
from tests.governance.votes import POOL, Town, move
from tests.makers import agree, make_member, make_user

HOUR = 3600


def owners_draft(town: Town, **said: Any) -> Proposal:
    """A draft by Ana on what owners decide by themselves: opening purchases again."""
    agree("subscriptions_open", False, scope=POOL)
    given: dict[str, Any] = {
        "title": "Shares for those who wait",
        "text": "Six people asked.",
        "action": "open_subscriptions",
        "payload": {"pool": POOL},
        "member": town.members["ana"],
        "actor": town.members["ana"].user,
    }
    return propose(**given | said)


def words(town: Town, **said: Any) -> Proposal:
    """A draft by Ana that decides something in words."""
    given: dict[str, Any] = {
        "title": "We meet in May",
        "text": "As every year.",
        "action": "resolution",
        "payload": {},
        "member": town.members["ana"],
        "actor": town.members["ana"].user,
    }
    return propose(**given | said)


def announced(town: Town, draft: Proposal) -> Proposal:
    """Notice given by the steward."""
    return publish(proposal_id=draft.pk, actor=town.steward)


def opened(town: Town, draft: Proposal) -> Proposal:
    """The ballot open; its notice is over already."""
    announced(town, draft)
    return open_now(draft)


def open_now(proposal: Proposal) -> Proposal:
    """Let the notice be over, and open the ballot."""
    move(proposal, "opens_at = notice_at, closes_at = notice_at + interval '1 hour'")
    return open_ballot(proposal_id=proposal.pk, actor=None)


def objection(town: Town, proposal: Proposal, *names: str) -> None:
    """Objections of members by name."""
    for name in names:
        object_to(proposal_id=proposal.pk, member=town.members[name], reason=f"says {name}")


def timelock_over(proposal: Proposal) -> None:
    """Let the wait before execution be over."""
    move(proposal, "executes_from = decided_at, expires_at = now() + interval '1 hour'")


def make_auditor(name: str = "audrey") -> User:
    """A member's user who is an auditor and nothing else."""
    user = make_user()
    make_member(name, user=user)
    grant_role(user=user, name=Role.Name.AUDITOR, actor=None, source="founding")
    return user


def certified(proposal: Proposal) -> dict[str, Any]:
    """Chamber → what the certificate says of it."""
    return {c["chamber"]: c for c in proposal.certificate.result["chambers"]}


def member_of(town: Town, name: str) -> Member:
    """A member of the town as the register has them now."""
    return Member.objects.get(pk=town.members[name].pk)
