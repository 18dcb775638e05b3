"""Requests to be forgotten: asked by the person, decided by a steward."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from members.errors import ReasonMissing
from members.identity.errors import AlreadyErased, NothingAsked, StillAMember
from members.identity.queries import is_erased
from members.models import ErasureRequest, Member, User
from members.services.lifecycle import locked
from policies.queries import policy

ENDED = (
    Member.State.LEFT,
    Member.State.EXPELLED,
    Member.State.DECEASED,
    Member.State.REFUSED,
)
State = ErasureRequest.State


def kept_until(member: Member) -> date:
    """The first day on which a former member's name need not be kept any more.

    Who was never admitted stands on no register that the law knows: from the application on.
    """
    if member.number is None or member.ended_on is None:
        return timezone.localdate(member.applied_at)
    days: int = policy("retention_days", timezone.now())
    return member.ended_on + timedelta(days=days)


@transaction.atomic(durable=True)
def ask_erasure(*, member_id: int, actor: User | None) -> ErasureRequest:
    """A request that waits for a steward; asked again, the same one.

    Raises StillAMember, AlreadyErased.
    """
    member = locked(member_id)
    if member.state not in ENDED:
        raise StillAMember
    if is_erased(member):
        raise AlreadyErased
    row, _made = ErasureRequest.objects.get_or_create(
        member=member, state=State.WAITING, defaults={"asked_at": timezone.now()}
    )
    return row


@transaction.atomic(durable=True)
def take_back_erasure(*, member_id: int, actor: User | None) -> ErasureRequest:
    """The request that waits, taken back. Raises NothingAsked."""
    member = locked(member_id)
    row = ErasureRequest.objects.filter(member=member, state=State.WAITING).first()
    if row is None:
        raise NothingAsked
    return _decide(row, State.WITHDRAWN, "", actor)


@transaction.atomic(durable=True)
def refuse_erasure(*, request_id: int, answer: str, actor: User | None) -> ErasureRequest:
    """The request refused, with the reason that the person reads; refused before, it stays.

    Raises ReasonMissing, NothingAsked.
    """
    if not answer.strip():
        raise ReasonMissing
    row = ErasureRequest.objects.select_for_update(no_key=True).get(pk=request_id)
    if row.state == State.REFUSED:
        return row
    if row.state != State.WAITING:
        raise NothingAsked
    return _decide(row, State.REFUSED, answer.strip(), actor)


def _decide(row: ErasureRequest, state: State, answer: str, actor: User | None) -> ErasureRequest:
    row.state, row.answer, row.decided_by, row.decided_at = state, answer, actor, timezone.now()
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    return row
