"""Votes given into other hands, for tests: a vote with many members, and words among them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from governance.delegations import services
from governance.delegations.resolve import resolve_at_close
from governance.delegations.services import Meant
from governance.models import Carried, Delegation, Proposal
from tests.governance.votes import Town, as_owner, make_town, move
from tests.makers import agree, make_member


def make_crowd(count: int = 6, *, heads: int = 5, share: Sequence[int | bool] = (1, 1)) -> Town:
    """The town of the other tests with more users: m0, m1, … who own nothing."""
    town = make_town()
    agree("delegation_enabled", True)
    agree("proxy_heads", heads)
    agree("proxy_share", list(share))
    for place in range(count):
        town.members[f"m{place}"] = make_member(f"m{place}")
    return town


def in_a_month() -> Any:
    """When standing words of these tests end."""
    return timezone.now() + timedelta(days=30)


def name(town: Town, giver: str, holder: str, **meant: Any) -> Delegation:
    """A word among members; a delegation for all votes unless said otherwise."""
    meant = {"kind": "delegation", "scope": "all"} | meant
    if meant["scope"] != "proposal":
        meant.setdefault("until", in_a_month())
    person = town.members[giver]
    return services.give(
        giver=person, holder=town.members[holder], meant=Meant(**meant), actor=person.user
    )


def proxy(town: Town, giver: str, holder: str, proposal: Proposal, **meant: Any) -> Delegation:
    """A proxy for one vote."""
    scope = {"kind": "proxy", "scope": "proposal", "proposal_id": proposal.pk}
    return name(town, giver, holder, **scope, **meant)


def before_all() -> None:
    """Words given before this very transaction, as the clock of these tests stands still."""
    with transaction.atomic():
        as_owner("UPDATE governance_delegation SET made_at = made_at - interval '1 day'")


def fates(proposal: Proposal, chamber: str = "users") -> dict[str, str]:
    """What became of each who named somebody: the name of who voted for them, or why nobody."""
    rows = Carried.objects.filter(row__chamber__proposal=proposal, row__chamber__name=chamber)
    found = rows.select_related("row__member", "through__member")
    return {r.row.member.name: r.through.member.name if r.through else r.lost for r in found}


def end_now(proposal: Proposal) -> None:
    """Let the voting end at this moment, past the trigger that lets nobody do so."""
    move(proposal, "closes_at = clock_timestamp()")


def resolved(town: Town, proposal: Proposal) -> dict[str, str]:
    """End the voting, resolve as a close does, and tell the fates in the users' chamber."""
    end_now(proposal)
    with transaction.atomic():
        resolve_at_close(proposal)
    return fates(proposal)
