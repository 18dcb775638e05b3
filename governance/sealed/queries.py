"""Named reads of sealed votes."""

import hashlib
from typing import Any

from django.db.models import QuerySet

from governance import board
from governance.models import Ballot, Chamber, Proposal, SealedTally, SealedVote, TrusteeKey
from governance.sealed import formats
from members.models import Member


def is_sealed(proposal: Proposal) -> bool:
    """Whether nobody ever reads a single ballot of this vote with its voter."""
    return proposal.ballot_kind == Proposal.BallotKind.SEALED


def sealed_vote_of(proposal: Proposal) -> SealedVote | None:
    """The key ceremony of a vote, or None where none was held."""
    return SealedVote.objects.filter(proposal=proposal).select_related("tally").first()


def tally_of(proposal: Proposal) -> SealedTally | None:
    """What the trustees published, or None."""
    return SealedTally.objects.filter(sealed_vote__proposal=proposal).first()


def notice_part(proposal: Proposal) -> dict[str, Any]:
    """What the notice says of the vote's key; {} where there is none."""
    vote = sealed_vote_of(proposal)
    if vote is None:
        return {}
    return {
        "public_key": vote.public_key,
        "threshold": vote.threshold,
        "trustees": vote.trustees,
        "deal_sha256": board.document_hash(vote.deal),
    }


def keys_offered() -> QuerySet[TrusteeKey]:
    """The keys that deals may use: not ended, of active members; by member."""
    keys = TrusteeKey.objects.filter(ended_at=None, member__state=Member.State.ACTIVE)
    return keys.select_related("member").order_by("member__number", "pk")


def is_trustee(vote: SealedVote, member: Member | None) -> bool:
    """Whether a member holds a share of this vote's key."""
    if member is None or member.number is None:
        return False
    return any(trustee["member"] == member.number for trustee in vote.deal["trustees"])


def chamber_of(proposal: Proposal) -> Chamber:
    """The one chamber that votes."""
    return proposal.chambers.get(votes=True)


def ballots_that_count(proposal: Proposal) -> QuerySet[Ballot]:
    """The newest entry of each voter; in no order that says anything."""
    newest = proposal.ballots.order_by("member", "-index").distinct("member").values("pk")
    return Ballot.objects.filter(pk__in=newest).order_by("index")


def input_hash_of(proposal: Proposal) -> str:
    """What names the ciphertexts that count in this vote."""
    sealed = ballots_that_count(proposal).values_list("sealed", flat=True)
    return formats.input_hash(hashlib.sha256(bytes(one)).digest() for one in sealed if one)


def tallied_answers(proposal: Proposal) -> list[Any]:
    """The answers that the trustees published, without voters or trackers; none before they did."""
    tally = tally_of(proposal)
    lines = [] if tally is None else tally.document["counts"]
    return [line["choice"] for line in lines for _ballot in range(line["ballots"])]


def lot_nonce(proposal: Proposal) -> str:
    """The trustees' part of the seed of the lot (R6), hex, from the tally; "" before it."""
    tally = tally_of(proposal)
    return "" if tally is None else str(tally.document["lot_nonce"])


def waiting_for_their_count() -> list[int]:
    """Votes whose tally is here, and which were not counted yet."""
    rows = Proposal.objects.filter(state=Proposal.State.COUNTING, sealed_vote__tally__isnull=False)
    return list(rows.order_by("pk").values_list("pk", flat=True))
