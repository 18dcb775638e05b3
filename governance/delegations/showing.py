"""What a member reads about votes in other hands, in one vote and in all."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance import clock
from governance.answers import answer_text, option_names
from governance.delegations.in_force import rules_of
from governance.delegations.queries import (
    Way,
    carried_of,
    named_by,
    readable_ballot,
    spoken_for,
    steps_from,
    ways_of,
)
from governance.models import Ballot, Carried, Delegation, Proposal
from members.models import Member

WHY: dict[str, Promise] = {
    "end": _("The way ends with somebody who has not voted."),
    "loop": _("The way leads in a circle: nobody on it has voted."),
    "cap": _("Whom you named speaks for as many as the rules allow."),
    "barred": _("Whom you named is not on the roll."),
}
AREAS: dict[str, Promise] = {
    "prices": _("prices and budgets"),
    "assets": _("assets"),
    "members": _("members"),
    "nodes": _("nodes"),
    "rules": _("rules"),
    "people": _("people in office"),
    "other": _("everything else"),
}
RUNNING = (Proposal.State.NOTICE, Proposal.State.OPEN)


@dataclass(frozen=True)
class Read:
    """A delegate's ballot as its delegator reads it."""

    ballot: Ballot
    name: str
    answers: list[tuple[str, str]]


def in_vote(proposal: Proposal, member: Member) -> dict[str, Any]:
    """What a member reads on the page of one vote, before and after its close."""
    running = proposal.state in RUNNING
    at = clock.now() if running or proposal.closes_at is None else proposal.closes_at
    steps = steps_from(proposal, member, at)
    word = Delegation.objects.select_related("holder").get(pk=steps[0].id) if steps else None
    ways = ways_of(proposal, member, at) if running else []
    return {
        "running": running,
        "word": word,
        "bound": bound_text(proposal, word),
        "ways": ways,
        "whys": [WHY[way.why] for way in ways if way.why],
        "fates": fates(proposal, member),
        "read": read(proposal, member, ways),
        "named_by": named_by(proposal, member, at) if running else 0,
        "spoke_for": 0 if running else spoken_for(proposal, member),
        "voted": proposal.ballots.filter(member=member).exists(),
        "rules": rules_of(proposal),
    }


def bound_text(proposal: Proposal, word: Delegation | None) -> str:
    """The answer that a proxy is bound to, in words."""
    if word is None or word.directed is None:
        return ""
    return answer_text(word.directed, option_names(proposal))


def fates(proposal: Proposal, member: Member) -> list[tuple[Carried, Promise | str]]:
    """What became of a member's vote in each chamber, and why where it counted for nothing."""
    return [(row, WHY.get(row.lost, "")) for row in carried_of(proposal, member)]


def read(proposal: Proposal, member: Member, ways: list[Way]) -> list[Read]:
    """The ballots that a member may read because they count for them."""
    holders = {way.reaches.pk: way.reaches for way in ways if way.reaches}
    if not ways:
        through = [row.through for row in carried_of(proposal, member)]
        holders = {row.member.pk: row.member for row in through if row is not None}
    ballots = [readable_ballot(proposal, member, holder) for holder in holders.values()]
    return [read_as(proposal, ballot) for ballot in ballots if ballot is not None]


def read_as(proposal: Proposal, ballot: Ballot) -> Read:
    """A ballot in words, chamber by chamber."""
    names = option_names(proposal)
    answers = [(name, answer_text(said, names)) for name, said in ballot.choices.items()]
    return Read(ballot, ballot.member.name, answers)


def totals(proposal: Proposal) -> dict[str, int]:
    """How many votes of a closed vote counted through others, and how many were lost."""
    rows = Carried.objects.filter(row__chamber__proposal=proposal)
    found = rows.aggregate(all=Count("pk"), carried=Count("through"))
    return {"carried": found["carried"], "lost": found["all"] - found["carried"]}
