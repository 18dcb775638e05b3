"""The ladder of sanctions: put on, ended early, ended by time (R19)."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from governance import clock
from governance.errors import (
    LadderSkipped,
    NotAgainstYourself,
    NothingSanctioned,
    NotSanctionable,
    ReasonNeeded,
    SanctionRuns,
    SanctionTooLong,
)
from governance.models import Sanction
from governance.notices.mail import tell
from governance.sanctions import draw
from governance.sanctions.queries import counted_since, in_force
from governance.sweeping import swept
from ledger.errors import KeyConflict
from members.models import Member, MemberEvent, User
from members.services import change_state, lift_limit, limit, suspend
from policies.queries import policy

Step = Sanction.Step
LADDER = (Step.WARN, Step.LIMIT, Step.SUSPEND)
BEFORE = {Step.LIMIT: Step.WARN, Step.SUSPEND: Step.LIMIT}
"""the step that must have been, and not have been struck down"""


@transaction.atomic(durable=True)
def sanction(
    *, member_id: int, step: str, reason: str, until: datetime, actor: User, key: str = ""
) -> Sanction:
    """One step of the ladder against a member from now until a moment, with its effect.

    A limit keeps their tokens with them, a suspension takes their rights but to read; both end by
    themselves. The member is told at once, with the way to appeal. The same key gives the same
    row. Raises ReasonNeeded, NotAgainstYourself, NotSanctionable, SanctionTooLong, SanctionRuns,
    LadderSkipped, KeyConflict.
    """
    key = key or uuid.uuid4().hex
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    earlier = Sanction.objects.filter(key=key).first()
    if earlier is not None:
        return same(earlier, member, step, reason)
    at = clock.now()
    require_step(member, Step(step), reason, until, actor, at)
    nonce = draw.new_nonce()
    row = Sanction.objects.create(
        member=member,
        step=step,
        reason=reason.strip(),
        by=actor,
        key=key,
        at=at,
        until=until,
        nonce=nonce,
        commitment=draw.commitment_to(nonce),
    )
    put_on(row, actor)
    told(row)
    return row


def same(earlier: Sanction, member: Member, step: str, reason: str) -> Sanction:
    """The row that this key made; raises KeyConflict where it says something else."""
    said = (earlier.member_id, earlier.step, earlier.reason)
    if said != (member.pk, step, reason.strip()):
        raise KeyConflict
    return earlier


def require_step(
    member: Member, step: Step, reason: str, until: datetime, actor: User, at: datetime
) -> None:
    """Raise unless this step can be taken now."""
    if not reason.strip():
        raise ReasonNeeded
    require_other(member, actor)
    if member.state != Member.State.ACTIVE:
        raise NotSanctionable(name=member.name, state=member.get_state_display())
    days: int = policy(f"{step}_days", at)
    if not at < until <= at + timedelta(days=days):
        raise SanctionTooLong(days=days)
    if in_force(at).filter(member=member, step=step).exists():
        raise SanctionRuns(step=step.label)
    require_below(member, step, at)


def require_other(member: Member, actor: User) -> None:
    """Raise NotAgainstYourself where somebody decides about themselves (R18)."""
    if member.user_id == actor.pk:
        raise NotAgainstYourself


def require_below(member: Member, step: Step, at: datetime) -> None:
    """Raise LadderSkipped unless the step below was taken within the time that counts."""
    days: int = policy("sanction_memory_days", at)
    below = BEFORE.get(step)
    if below is None:
        return
    counted = counted_since(member, at - timedelta(days=days))
    if not counted.filter(step=below).exists():
        raise LadderSkipped(step=below.label, days=days)


def source_of(row: Sanction) -> str:
    """How other rooms name what decided an effect."""
    return f"sanction:{row.pk}"


def put_on(row: Sanction, actor: User | None) -> None:
    """The effect of a step. Call inside a transaction."""
    if row.step == Step.LIMIT:
        limit(member_id=row.member_id, until=row.until, actor=actor, source=source_of(row))
    elif row.step == Step.SUSPEND:
        suspend(
            member_id=row.member_id,
            text=row.reason,
            appeal=how_to_appeal(row),
            actor=actor,
            source=source_of(row),
        )


def how_to_appeal(row: Sanction) -> str:
    """What the member reads beside a suspension."""
    days = policy("appeal_days", row.at)
    words = {"days": days, "until": date_format(row.until, "DATETIME_FORMAT")}
    return (
        _(
            "It ends by itself on %(until)s. Within %(days)s days you can appeal to a panel of "
            "members drawn by lot, on the page of the sanction."
        )
        % words
    )


def told(row: Sanction) -> None:
    """One mail to the member, with the link to the sanction's page."""
    people = Member.objects.filter(pk=row.member_id)
    path = reverse("governance:sanction", args=[row.pk])
    tell(people, kind="sanction", context={"row": row}, path=path, key=f"sanction {row.pk}")


@transaction.atomic(durable=True)
def end_early(*, sanction_id: int, reason: str, actor: User) -> Sanction:
    """A sanction ended by a steward before its time; a second call changes nothing.

    Raises ReasonNeeded, NotAgainstYourself, NothingSanctioned where its time is over.
    """
    if not reason.strip():
        raise ReasonNeeded
    row = locked(sanction_id)
    require_other(row.member, actor)
    at = clock.now()
    if row.ended_at is None:
        if row.until <= at:
            raise NothingSanctioned
        end(row, at, reason.strip(), actor, MemberEvent.Reason.REINSTATEMENT)
    return row


def locked(sanction_id: int) -> Sanction:
    """The sanction with its member, the sanction locked until the transaction ends."""
    rows = Sanction.objects.select_related("member").select_for_update(of=("self",))
    return rows.get(pk=sanction_id)


def end(row: Sanction, at: datetime, why: str, actor: User | None, reason: str) -> None:
    """A sanction and its effect ended. Call inside a transaction, under its lock."""
    row.ended_at, row.ended_why = at, why[:400]
    row.save(update_fields=["ended_at", "ended_why"])
    if row.step == Step.LIMIT:
        lift_limit(source=source_of(row), actor=actor)
    elif row.step == Step.SUSPEND and is_suspended_by(row):
        change_state(
            member_id=row.member_id,
            to=Member.State.ACTIVE,
            reason=reason,
            actor=actor,
            source=source_of(row),
            text=why,
        )


def is_suspended_by(row: Sanction) -> bool:
    """Whether this suspension, and nothing that came later, is why the member is suspended."""
    member = Member.objects.select_for_update(no_key=True).get(pk=row.member_id)
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    suspended = member.state == Member.State.SUSPENDED
    return suspended and last is not None and last.source == source_of(row)


def end_what_is_over() -> int:
    """Every sanction whose time is over ended with its effect; how many. Safe at any time."""
    over = Sanction.objects.filter(ended_at=None, until__lte=Now()).order_by("pk")
    return len(swept(over.values_list("pk", flat=True), _ended))


@transaction.atomic(durable=True)
def _ended(sanction_id: int) -> bool:
    row = locked(sanction_id)
    at = clock.now()
    if row.ended_at is not None or row.until > at:
        return False
    end(row, row.until, _("Its time is over."), None, MemberEvent.Reason.REINSTATEMENT)
    return True
