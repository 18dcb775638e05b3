"""The contexts of the pages of sealed votes."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from governance import clock
from governance.access import reader_member
from governance.answers import answer_text, option_names
from governance.models import Proposal
from governance.queries import ballot_of, seats_of
from governance.sealed import access, formats
from governance.sealed.forms import CeremonyForm, DealForm, KeyForm, TallyForm
from governance.sealed.queries import is_trustee, keys_offered, sealed_vote_of, tally_of
from members.models import Member
from policies.queries import policy

State = Proposal.State
MOST_LINES = 1000
"""longer lists are read from the file"""


@dataclass(frozen=True)
class Line:
    """One line of a published list or of its counts, in the reader's words."""

    name: str
    answer: str


def keys_context(member: Member) -> dict[str, Any]:
    """The keys that a member offers, and those of all."""
    return {
        "mine": member.trustee_keys.order_by("-pk"),
        "offered": keys_offered(),
        "form": KeyForm(),
    }


def sealed_context(request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
    """Everything about the seals of one vote, as this reader may see and do."""
    vote, tally = sealed_vote_of(proposal), tally_of(proposal)
    at = clock.now()
    return {
        "proposal": proposal,
        "vote": vote,
        "trustees": trustees_of(vote.deal) if vote else [],
        "tally": tally,
        "may_deal": access.may_deal(request, proposal),
        "may_tally": access.may_tally(request, proposal),
        "may_vote": may_vote(proposal, reader_member(request)),
        "trustee": vote is not None and is_trustee(vote, reader_member(request)),
        "closed": proposal.state not in (State.DRAFT, State.WITHDRAWN, State.NOTICE, State.OPEN),
        "fewest": policy("sealed_trustees", at),
        "lowest": policy("sealed_threshold", at),
        "ceremony": CeremonyForm(),
        "deal_form": DealForm(),
        "tally_form": TallyForm(),
        **(list_context(proposal, tally.document) if tally else {}),
    }


def list_context(proposal: Proposal, document: dict[str, Any]) -> dict[str, Any]:
    """What the trustees published, in words."""
    names = option_names(proposal)
    lines = document["list"] or ()
    return {
        "document": document,
        "lines": [
            Line(line["tracker"], answer_text(line["choice"], names)) for line in lines[:MOST_LINES]
        ],
        "shortened": len(lines) > MOST_LINES,
        "counts": [
            (one["ballots"], answer_text(one["choice"], names)) for one in ordered(document)
        ][:MOST_LINES],
        "spoiled": sum(document["spoiled"].values()),
        "fewest_listed": formats.FEWEST_LISTED,
    }


def ordered(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The counts, the most frequent answer first."""
    return sorted(document["counts"], key=lambda one: -int(one["ballots"]))


def trustees_of(deal: dict[str, Any]) -> list[dict[str, Any]]:
    """The trustees of a deal with their names, where they are members still."""
    numbers = [trustee["member"] for trustee in deal["trustees"]]
    named = {m.number: m.name for m in Member.objects.filter(number__in=numbers)}
    return [{**trustee, "name": named.get(trustee["member"], "")} for trustee in deal["trustees"]]


def may_vote(proposal: Proposal, member: Member | None) -> bool:
    """Whether the ballot is open and the member stands on its roll."""
    open_now = proposal.state == State.OPEN
    return open_now and member is not None and bool(seats_of(proposal, member))


def vote_context(proposal: Proposal, member: Member) -> dict[str, Any]:
    """A sealed vote as its voter sees it, and the entry that counts so far."""
    return {
        "proposal": proposal,
        "vote": sealed_vote_of(proposal),
        "may_vote": may_vote(proposal, member),
        "mine": ballot_of(proposal, member),
        "ballot_url": reverse("governance:sealed_vote", args=[proposal.pk]),
        "few": proposal.chambers.filter(votes=True, heads__lt=formats.FEWEST_LISTED).exists(),
    }
