"""Members, and links, dispute what was metered; stewards answer with a reason. Readings stand."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.errors import KeyConflict
from members.models import Member, User
from metering.disputes.disputed import is_told
from metering.errors import DisputeAnswered, NobodysUse, NothingToDispute, OwnDispute
from metering.models import Dispute, Reading
from tokens.errors import ReasonMissing
from tokens.models import Usage
from tokens.services.corrections import correct_usage, is_own

INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


@transaction.atomic
def raise_dispute(
    *,
    member: Member,
    pool: Pool,
    resource: Resource,
    day: date,
    reason: str,
    actor: User | None,
    key: str,
    reading: Reading | None = None,
) -> Dispute:
    """Say that a reading, or all of a day's, is not what was used; the same key gives the first.

    Nothing is taken back for it. Raises ReasonMissing, NothingToDispute, KeyConflict.
    """
    if not reason.strip():
        raise ReasonMissing
    told = {"pool_id": pool.pk, "resource_id": resource.pk, "day": day, "reason": reason.strip()}
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    before = Dispute.objects.filter(key=f"{member.pk}:{key}").first()
    if before is not None:
        return _same(before, {**told, "reading_id": reading and reading.pk})
    used = Usage.objects.filter(
        book__member=member, book__yields__pool=pool, book__yields__resource=resource,
        used_at__date=day,
    )  # fmt: skip
    if reading is None and not used.exists():
        raise NothingToDispute
    return Dispute.objects.create(
        member=member, reading=reading, key=f"{member.pk}:{key}", raised_by=actor, **told
    )


def _same(before: Dispute, told: dict[str, object]) -> Dispute:
    if any(getattr(before, name) != value for name, value in told.items()):
        raise KeyConflict
    return before


@transaction.atomic
def answer_dispute(
    *, dispute_id: int, answer: str, actor: User | None, correction: int | None = None
) -> Dispute:
    """Answer a dispute once, with a reason; `correction` millitokens are taken back or added.

    Raises ReasonMissing, DisputeAnswered, OwnDispute where it is about the actor's own use or
    node, or they raised it; NobodysUse where a link is disputed that measures nobody's use and a
    correction is asked for; and what `correct_usage` raises.
    """
    if not answer.strip():
        raise ReasonMissing
    row = Dispute.objects.select_related("member", "pool", "resource", "link", "reading").get(
        pk=dispute_id
    )
    if is_partial(actor, row):
        raise OwnDispute
    corrected = _correct(row, answer, correction, actor) if correction else None
    locked = Dispute.objects.select_for_update(of=("self",)).get(pk=dispute_id)
    if locked.answered_at is not None:
        raise DisputeAnswered
    locked.answer, locked.answered_at = answer.strip(), timezone.now()
    locked.answered_by, locked.correction = actor, corrected
    locked.save(update_fields=["answer", "answered_at", "answered_by", "correction"])
    return locked


def is_partial(actor: User | None, row: Dispute) -> bool:
    """Whether a dispute is a user's own matter."""
    if actor is None:
        return False
    own = row.member is not None and is_own(actor, row.member)
    return own or row.raised_by_id == actor.pk or is_told(actor, row)


def _correct(row: Dispute, answer: str, amount: int, actor: User | None) -> Usage:
    """The correction that an answer brings; of two answers at once only one can stand."""
    if row.member is None or row.pool is None or row.resource is None:
        raise NobodysUse
    return correct_usage(
        member=row.member,
        pool=row.pool,
        resource=row.resource,
        day=row.day,
        amount=amount,
        reason=answer.strip()[:200],
        actor=actor,
        key=f"dispute:{row.pk}",
        at=moment_of(row),
    )


def moment_of(row: Dispute) -> datetime | None:
    """When what is disputed was used, where that is known: a day may lie in two periods."""
    if row.reading is not None:
        return row.reading.ends_at - INSTANT
    first = row.hours.order_by("hour").values_list("hour", flat=True).first()
    return None if first is None else first + HOUR - INSTANT
