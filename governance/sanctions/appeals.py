"""Appeals against sanctions, before a panel of members drawn by lot (R19)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from governance import clock
from governance.errors import (
    AppealTooLate,
    NobodyToDraw,
    NothingSanctioned,
    NotOnPanel,
    ReasonNeeded,
)
from governance.models import Panelist, Sanction, SanctionAppeal
from governance.notices.mail import tell
from governance.sanctions import draw
from governance.sanctions.queries import sitting, uninvolved
from governance.sanctions.services import end, locked
from governance.sweeping import swept
from members.models import Member, MemberEvent, User
from policies.queries import policy

Result = SanctionAppeal.Result


@transaction.atomic(durable=True)
def appeal(*, sanction_id: int, member: Member, text: str, actor: User | None) -> SanctionAppeal:
    """The member's appeal, and the panel that the lot draws for it; the first one stands.

    The sanction goes on until the panel has decided. Raises ReasonNeeded, NothingSanctioned (also
    for everybody else than the member), AppealTooLate, NobodyToDraw.
    """
    row = locked(sanction_id)
    made = SanctionAppeal.objects.filter(sanction=row).first()
    if made is not None and row.member_id == member.pk:
        return made
    at = clock.now()
    require_appeal(row, member, text, at)
    found = SanctionAppeal.objects.create(
        sanction=row,
        text=text.strip(),
        at=at,
        draw=drawn_for(row, text.strip(), at),
        until=at + timedelta(days=policy("panel_days", at)),
    )
    seat_next(found, int(found.draw["size"]))
    return found


def require_appeal(row: Sanction, member: Member, text: str, at: datetime) -> None:
    """Raise unless this member can appeal against this sanction now."""
    if row.member_id != member.pk or row.ended_at is not None or row.until <= at:
        raise NothingSanctioned
    days: int = policy("appeal_days", at)
    if at > row.at + timedelta(days=days):
        raise AppealTooLate(days=days)
    if not text.strip():
        raise ReasonNeeded


def drawn_for(row: Sanction, text: str, at: datetime) -> dict[str, object]:
    """The lot of an appeal; raises NobodyToDraw."""
    among = uninvolved(row)
    if not among:
        raise NobodyToDraw
    return draw.drawn(
        row.nonce, draw.appeal_hash(row.pk, text, at), among, policy("panel_size", at)
    )


def seat_next(row: SanctionAppeal, count: int) -> None:
    """The next so many of the lot's order on the panel, and told. Call inside a transaction."""
    numbers: list[int] = row.draw["order"]
    begun = row.panel.count()
    called = numbers[begun : begun + count]
    by_number = {m.number: m for m in Member.objects.filter(number__in=called)}
    seats = [by_number[number] for number in called if number in by_number]
    Panelist.objects.bulk_create([Panelist(appeal=row, member=member) for member in seats])
    path = reverse("governance:panel", args=[row.pk])
    tell(seats, kind="panel", context={"appeal": row}, path=path, key=f"panel {row.pk}")


@transaction.atomic(durable=True)
def answer(
    *, appeal_id: int, member: Member, vote: str, reason: str, actor: User | None
) -> SanctionAppeal:
    """A panelist's vote, once; the panel decides as soon as all have voted.

    Raises ReasonNeeded, NotOnPanel.
    """
    row, seat = seated(appeal_id, member)
    if vote not in Result.values or not reason.strip():
        raise ReasonNeeded
    seat.vote, seat.reason, seat.voted_at = vote, reason.strip(), clock.now()
    seat.save(update_fields=["vote", "reason", "voted_at"])
    if not sitting(row).filter(vote="").exists():
        decide(row, clock.now())
    return row


@transaction.atomic(durable=True)
def decline(*, appeal_id: int, member: Member, actor: User | None) -> SanctionAppeal:
    """A panelist's place given to the next one of the lot. Raises NotOnPanel."""
    row, seat = seated(appeal_id, member)
    seat.declined_at = clock.now()
    seat.save(update_fields=["declined_at"])
    seat_next(row, 1)
    if not sitting(row).filter(vote="").exists():
        decide(row, clock.now())
    return row


def seated(appeal_id: int, member: Member) -> tuple[SanctionAppeal, Panelist]:
    """An appeal whose panel sits, locked, and a member's open seat on it; raises NotOnPanel."""
    row = SanctionAppeal.objects.select_for_update().get(pk=appeal_id)
    seat = sitting(row).filter(member=member, vote="").first()
    over = row.result or row.until <= clock.now()
    if seat is None or over or member.state != Member.State.ACTIVE:
        raise NotOnPanel
    return row, seat


def decide(row: SanctionAppeal, at: datetime) -> None:
    """What the panel voted, carried out: a tie, and silence, end the sanction.

    Call inside a transaction, under the appeal's lock.
    """
    votes = list(sitting(row).values_list("vote", flat=True))
    upheld = votes.count(Result.UPHELD) > votes.count(Result.ENDED)
    row.result, row.decided_at = (Result.UPHELD if upheld else Result.ENDED), at
    row.save(update_fields=["result", "decided_at"])
    sanction = locked(row.sanction_id)
    if not upheld and sanction.ended_at is None:
        end(sanction, at, _("A panel drawn by lot ended it."), None, MemberEvent.Reason.APPEAL)
    people = Member.objects.filter(pk=sanction.member_id)
    path = reverse("governance:sanction", args=[sanction.pk])
    tell(people, kind="panel_result", context={"appeal": row}, path=path, key=f"appeal {row.pk}")


def decide_what_is_over() -> int:
    """Every panel whose time is over decides by what was voted; how many. Safe at any time."""
    over = SanctionAppeal.objects.filter(result="", until__lte=Now()).order_by("pk")
    return len(swept(over.values_list("pk", flat=True), _decided))


@transaction.atomic(durable=True)
def _decided(appeal_id: int) -> bool:
    row = SanctionAppeal.objects.select_for_update().get(pk=appeal_id)
    at = clock.now()
    if row.result or row.until > at:
        return False
    decide(row, at)
    return True
