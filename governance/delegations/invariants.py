"""What proves the votes in other hands right."""

import json

from governance.delegations.resolve import Fate, fates_at
from governance.models import Carried, Proposal

Shown = dict[int, tuple[int | None, str, str | None]]


def carried_is_what_a_resolution_gives() -> list[str]:
    """What was written at each close is what the words then in force, and the ballots, give."""
    closed = Proposal.objects.filter(decided_at__isnull=False).order_by("pk")
    open_ballots = closed.exclude(ballot_kind=Proposal.BallotKind.SEALED)
    return [
        f"vote {proposal.pk}: votes in other hands are not carried as they were given"
        for proposal in open_ballots
        if written(proposal) != resolved_again(proposal)
    ]


def written(proposal: Proposal) -> Shown:
    """The fates as they stand, by rows of the roll."""
    rows = Carried.objects.filter(row__chamber__proposal=proposal)
    found = rows.values_list("row_id", "through_id", "lost", "directed")
    return {row: (through, lost, as_text(bound)) for row, through, lost, bound in found}


def resolved_again(proposal: Proposal) -> Shown:
    """The fates that the tables give now."""
    if proposal.closes_at is None:
        return {}
    return {fate.row: shown(fate) for fate in fates_at(proposal, proposal.closes_at)}


def shown(fate: Fate) -> tuple[int | None, str, str | None]:
    """A fate as its row would say it."""
    bound = None if fate.bound is None else as_text(json.loads(fate.bound))
    return fate.through, fate.lost, bound


def as_text(answer: object) -> str | None:
    """An answer in one form."""
    return None if answer is None else json.dumps(answer, sort_keys=True)
