"""The writes of sealed votes: trustees' keys, the deal of a vote's key, the tally."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from governance import clock
from governance.errors import (
    BadDeal,
    BadTrusteeKey,
    NotATrustee,
    NotSealable,
    NotSealed,
    NotYours,
    TooFewTrustees,
    WrongState,
)
from governance.models import Proposal, SealedTally, SealedVote, TrusteeKey
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.sealed.checks import require_deal, tally_in
from governance.sealed.formats import is_key
from governance.sealed.queries import (
    is_sealed,
    is_trustee,
    sealed_vote_of,
    waiting_for_their_count,
)
from governance.sealed.telling import tell_dealt
from governance.services.count import count_after_tally
from governance.sweeping import swept
from members.models import Member, User
from members.queries import is_steward, member_of
from policies.queries import policy
from signing.dsse import Envelope

State = Proposal.State
LONGEST_LABEL = 80


@transaction.atomic(durable=True)
def offer_key(*, member: Member, label: str, public_key: str, actor: User | None) -> TrusteeKey:
    """A key with which this member could open sealed votes, from now on; the same one once.

    Raises BadTrusteeKey for what is no key, has no name, or stands here for somebody.
    """
    spelled, label = re.sub(r"\s", "", public_key).lower(), label.strip()
    if not is_key(spelled) or not 1 <= len(label) <= LONGEST_LABEL:
        raise BadTrusteeKey
    try:
        with transaction.atomic():
            return TrusteeKey.objects.create(member=member, label=label, public_key=spelled)
    except IntegrityError:
        earlier = TrusteeKey.objects.filter(
            member=member, label=label, public_key=spelled, ended_at=None
        ).first()
    if earlier is None:
        raise BadTrusteeKey
    return earlier


@transaction.atomic(durable=True)
def end_key(*, key_id: int, member: Member, actor: User | None) -> TrusteeKey:
    """A key that no further deal may use; shares that it holds can still be opened.

    A second call changes nothing. Raises NotYours.
    """
    key = TrusteeKey.objects.select_for_update().get(pk=key_id)
    if key.member_id != member.pk:
        raise NotYours
    if key.ended_at is None:
        key.ended_at = clock.now()
        key.save(update_fields=["ended_at"])
    return key


@transaction.atomic(durable=True)
def take_deal(*, proposal_id: int, deal: Any, actor: User) -> SealedVote:
    """The dealer's file kept for a draft, in place of an earlier one; the same one twice is one.

    Proposer and stewards bring it. Raises NotYours, ConflictOfInterest, WrongState, NotSealed,
    BadDeal, TooFewTrustees.
    """
    proposal = locked(proposal_id)
    if proposal.proposer.user_id != actor.pk and not is_steward(actor):
        raise NotYours
    require_unconflicted(actor, proposal)
    require_dealable(proposal)
    require_deal(proposal, deal)
    require_enough(trustees=len(deal["trustees"]), threshold=deal["threshold"])
    earlier = sealed_vote_of(proposal)
    if earlier is not None and earlier.deal == deal:
        return earlier
    SealedVote.objects.filter(proposal=proposal).delete()
    vote = SealedVote.objects.create(
        proposal=proposal,
        public_key=deal["public_key"],
        threshold=deal["threshold"],
        trustees=len(deal["trustees"]),
        deal=deal,
        by=actor,
    )
    tell_dealt(vote)
    return vote


def require_dealable(proposal: Proposal) -> None:
    """Raise WrongState, NotSealed or NotSealable unless this draft takes a key."""
    if proposal.state != State.DRAFT:
        raise WrongState(state=proposal.get_state_display())
    if not is_sealed(proposal):
        raise NotSealed
    if proposal.kind == Proposal.Kind.CONSENT:
        raise NotSealable


def require_enough(*, trustees: int, threshold: int) -> None:
    """Raise TooFewTrustees, or BadDeal, unless k and n are as policy asks now."""
    at = clock.now()
    fewest, lowest = policy("sealed_trustees", at), policy("sealed_threshold", at)
    if trustees < fewest or threshold < lowest:
        raise TooFewTrustees(n=fewest, k=lowest)
    if threshold > trustees:
        raise BadDeal(why=_("its shares are incomplete."))


def publish_tally(*, proposal_id: int, envelope: Envelope, actor: User) -> Proposal:
    """The trustees' count kept for good, and the vote counted by it; the same one twice is one.

    Raises what `take_tally` raises, and what `count_after_tally` does where something holds the
    count up: then the tally stays, and the clockwork tries again.
    """
    take_tally(proposal_id=proposal_id, envelope=envelope, actor=actor)
    return count_after_tally(proposal_id=proposal_id, actor=actor)


@transaction.atomic(durable=True)
def take_tally(*, proposal_id: int, envelope: Envelope, actor: User) -> SealedTally:
    """The trustees' file, checked against the whole board and kept for good.

    Trustees of the vote and stewards bring it. Raises NotSealed, NotATrustee, WrongState, BadTally.
    """
    proposal = locked(proposal_id)
    vote = sealed_vote_of(proposal)
    if vote is None:
        raise NotSealed
    if not is_steward(actor) and not is_trustee(vote, member_of(actor)):
        raise NotATrustee
    earlier = getattr(vote, "tally", None)
    if earlier is not None and bytes(earlier.envelope) == envelope.as_json():
        return SealedTally.objects.get(pk=earlier.pk)
    if earlier is not None or proposal.state != State.COUNTING:
        raise WrongState(state=proposal.get_state_display())
    vote.proposal = proposal
    document = tally_in(vote, envelope)
    return SealedTally.objects.create(
        sealed_vote=vote,
        document=document,
        envelope=envelope.as_json(),
        input_sha256=document["input_sha256"],
        by=actor,
    )


def count_tallied() -> list[int]:
    """Votes whose tally is here, counted; returns whose. Safe to call at any time."""
    return swept(waiting_for_their_count(), _counted)


def _counted(proposal_id: int) -> Proposal:
    return count_after_tally(proposal_id=proposal_id, actor=None)
