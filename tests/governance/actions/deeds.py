"""Votes on typed actions for tests: from the draft to what came of it."""

from typing import Any

from governance.models import Proposal, RollRow
from governance.services import execute, open_ballot, propose, publish
from tests.governance.votes import Town, decide, make_town
from tests.makers import agree

SAYING = ("ana", "ben", "chloe")
AT_ONCE = ("timelock_seconds", "timelock_rights_seconds", "special_notice_seconds")


def make_ready_town() -> Town:
    """A town whose votes open and are carried out at once, on whatever."""
    town = make_town()
    for key in AT_ONCE:
        agree(key, 0)
    return town


def drafted(town: Town, action: str, payload: dict[str, Any]) -> Proposal:
    """Chloe's draft."""
    chloe = town.members["chloe"]
    return propose(
        title="As we said at the meeting",
        text="Because we said so.",
        action=action,
        payload=payload,
        member=chloe,
        actor=chloe.user,
    )


def opened(town: Town, action: str, payload: dict[str, Any]) -> Proposal:
    """A motion whose ballot is open."""
    draft = drafted(town, action, payload)
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_ballot(proposal_id=draft.pk, actor=town.steward)


def voted(town: Town, action: str, payload: dict[str, Any]) -> Proposal:
    """A motion that everybody on its roll carried."""
    proposal = opened(town, action, payload)
    names = RollRow.objects.filter(chamber__proposal=proposal, chamber__votes=True)
    may = set(names.values_list("member__name", flat=True))
    return decide(town, proposal, **{name: "for" for name in SAYING if name in may})


def done(town: Town, action: str, payload: dict[str, Any]) -> Proposal:
    """A motion that was carried out, or refused where that was not possible."""
    return execute(proposal_id=voted(town, action, payload).pk, actor=town.steward)
