"""Letting a node in for an asset: by one person, or by two where the asset is shared.

An asset belongs to the members who hold shares of its pool. Where these are several, whoever claims
a node for it is not enough: a second one of them compares the words of the key and agrees.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Asset
from members.models import Member, User
from members.queries import member_of
from metering.errors import SecondPersonNeeded, SlotTaken
from metering.models import EnrolmentRequest, Node
from metering.services.enrol import IN_USE, decide, known_node, make_node, request_with_code
from metering.services.states import retire_node
from metering.trust.standing import short_name
from policies.queries import policy
from titles.queries import holdings

State = EnrolmentRequest.State


def co_owners(asset: Asset) -> set[int]:
    """The ids of the members who hold shares of an asset's pool."""
    return set(holdings(asset.pool))


def is_shared(asset: Asset) -> bool:
    """Whether more than one member holds shares of the asset's pool."""
    return len(co_owners(asset)) > 1


def claim_enrolment(
    *,
    actor: User | None,
    user_code: str,
    label: str,
    asset: Asset,
    owner: Member | None = None,
    replace: bool = False,
) -> Node | None:
    """Let the node that shows this code in for an asset; None where a second person has to agree.

    The claim waits `claim_days` for them, also if the node asks again meanwhile. One live node
    stands for an asset: with `replace` that one is retired when the new one is let in, for the
    asset goes on and the chain does not. Raises NoSuchCode, KeyOfAnotherNode, SlotTaken.
    """
    with transaction.atomic(durable=True):
        request = request_with_code(user_code)
        request.label, request.asset, request.pool = label, asset, asset.pool
        request.owner, request.replaces = owner, replace
        request.claimed_by, request.claimed_at = actor, timezone.now()
        require_free(request)
        if not is_shared(asset):
            return let_in(request, actor)
        request.state = State.CLAIMED
        request.expires_at = timezone.now() + timedelta(days=policy("claim_days", timezone.now()))
        request.save()
    return None


def agree_enrolment(*, actor: User | None, user_code: str) -> Node:
    """A second co-owner agrees to what was claimed; the node is in.

    Raises NoSuchCode, SecondPersonNeeded for who claimed it and who is no co-owner, SlotTaken,
    KeyOfAnotherNode.
    """
    with transaction.atomic(durable=True):
        request = request_with_code(user_code, State.CLAIMED)
        if not may_agree(actor, request):
            raise SecondPersonNeeded
        return let_in(request, actor)


def may_agree(user: User | None, request: EnrolmentRequest) -> bool:
    """Whether somebody is a co-owner of the asset and not the one who claimed the node."""
    member = member_of(user)
    if user is None or member is None or request.asset is None:
        return False
    return user.pk != request.claimed_by_id and member.pk in co_owners(request.asset)


def let_in(request: EnrolmentRequest, actor: User | None) -> Node:
    """The node, standing for its asset, in the place of the one before. Call with the lock held."""
    require_free(request)
    node = known_node(request) or make_node(
        actor, request, request.label, request.pool, request.owner, request.asset
    )
    for before in standing_for(request).exclude(pk=node.pk):
        retire_node(actor=actor, node=before, reason=f"{short_name(node)} took its place")
    decide(request, State.APPROVED, actor, node)
    request.save()
    return node


def require_free(request: EnrolmentRequest) -> None:
    """Refuse a second live node of one asset, unless it takes the first one's place."""
    if not request.replaces and standing_for(request).exclude(keys__keyid=request.keyid).exists():
        raise SlotTaken


def standing_for(request: EnrolmentRequest) -> QuerySet[Node]:
    """The live nodes that stand for the asset of a request."""
    return Node.objects.filter(asset=request.asset, state__in=IN_USE)
