"""Use that an authorised person corrects, with a reason, in the open period or a closed one."""

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.errors import KeyConflict
from members.models import Member, User
from members.queries import acts_as, organisations_of
from tokens.errors import NothingToCorrect, OwnUse
from tokens.models import Usage
from tokens.services.late import record_late
from tokens.services.usage import UsageRow, record_usage

NOON = time(12)


@transaction.atomic
def correct_usage(
    *,
    member: Member,
    pool: Pool,
    resource: Resource,
    day: date,
    amount: int,
    reason: str,
    actor: User | None,
    key: str,
    at: datetime | None = None,
) -> Usage:
    """Take so many millitokens of a day's use back (below zero), or add them, and say why.

    It counts at noon of the day, or at the moment `at` where one is known: a day may lie in two
    periods.

    In the running period it is rated like any use; in a closed one it becomes an adjustment that
    the running period's close charges or gives back. The same key gives the first result. Raises
    OwnUse where the member is the actor, or an organisation that they stand for; KeyConflict,
    NothingToCorrect where no period with this resource was open then, BelowZero.
    """
    if is_own(actor, member):
        raise OwnUse
    row = UsageRow(
        member_id=member.pk,
        pool_id=pool.pk,
        resource_id=resource.pk,
        used_at=at or timezone.make_aware(datetime.combine(day, NOON)),
        amount=amount,
        key=f"correction:{member.pk}:{key}",
        kind=Usage.Kind.CORRECTION,
        reason=reason.strip(),
    )
    before = Usage.objects.filter(key=row.key).select_related("book__yields").first()
    return _same(before, row) if before else _record(row, actor)


def is_own(actor: User | None, member: Member) -> bool:
    """Whether a user is this member, or stands for this organisation."""
    if actor is None:
        return False
    return acts_as(actor, member) or organisations_of(actor).filter(pk=member.pk).exists()


def _record(row: UsageRow, actor: User | None) -> Usage:
    outcome = record_usage(rows=[row], actor=actor)
    ids = outcome.recorded or record_late(rows=outcome.late, actor=actor).recorded
    if not row.amount or not ids:
        raise NothingToCorrect
    return Usage.objects.get(pk=ids[0])


def _same(before: Usage, row: UsageRow) -> Usage:
    place = before.book.member_id, before.book.yields.pool_id, before.book.yields.resource_id
    stands = (*place, before.used_at, before.amount, before.reason)
    asked = (row.member_id, row.pool_id, row.resource_id, row.used_at, row.amount, row.reason)
    if stands != asked:
        raise KeyConflict
    return before
