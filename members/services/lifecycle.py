"""Every change of a member's state: one door, one event for each."""

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.formats import date_format

from members.errors import (
    DecidedByVote,
    LastSteward,
    NotAnApplicant,
    NothingToAnswer,
    NothingToAppeal,
    NotYet,
    ReasonMissing,
    StateRefused,
    TooEarly,
)
from members.models import Appeal, Cooperative, Member, MemberEvent, User
from members.queries import is_against
from members.services.roles import end_roles, is_last_steward
from members.transitions import ENDED, MEMBERS, reasons_for
from policies.queries import policy

State, Reason = Member.State, MemberEvent.Reason
BY_VOTE = "proposal:"
NEXT_NUMBER = """
UPDATE members_cooperative SET next_member_number = next_member_number + 1
WHERE id = 1 RETURNING next_member_number - 1"""


@transaction.atomic
def change_state(
    *,
    member_id: int,
    to: str,
    reason: str,
    actor: User | None,
    source: str = "",
    effective_on: date | None = None,
    text: str = "",
    appeal: str = "",
) -> Member:
    """The member in state `to` from `effective_on` (today, or a day gone by) on, with its event.

    `reason` is a code of `MemberEvent.Reason`, `text` the reason in words, `appeal` how the member
    may appeal, `source` what decided it ("proposal:12"). A state that the member is in for the
    same reason stays as it is. Offices rest while their holder is suspended, and end with the
    membership. Raises StateRefused, NotYet, TooEarly; LastSteward where no vote decided it.
    """
    member = locked(member_id)
    if member.state == to and _last_reason(member) == reason:
        return member
    if reason not in reasons_for(member.state, to):
        raise _refusal(member, to, reason)
    day = _day_in_reach(member, effective_on)
    _leave_offices(member, to, actor, source)
    words = {"text": text.strip(), "appeal": appeal.strip(), "source": source}
    record(member, to=to, reason=reason, actor=actor, effective_on=day, **words)
    _enter(member, to, day, actor, text.strip())
    return member


def record(member: Member, *, to: str, reason: str, actor: User | None, **words: Any) -> None:
    """The event itself. Call inside a transaction, with the member locked or just made."""
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    MemberEvent.objects.create(
        member=member,
        from_state=last.to_state if last else "",
        to_state=to,
        reason=reason,
        decided_by=actor,
        recorded_at=timezone.now(),
        **({"effective_on": timezone.localdate()} | words),
    )


def _leave_offices(member: Member, to: str, actor: User | None, source: str) -> None:
    """Offices end with the membership. The last steward goes by a vote, or hands over before.

    Where the only steward's notice runs out, they hold the office until somebody else has it.
    """
    if member.user is None or to not in (*ENDED, State.SUSPENDED, State.LEAVING):
        return
    kept = not source.startswith(BY_VOTE) and is_last_steward(member.user)
    if kept and actor is not None:
        raise LastSteward
    if to in ENDED and not kept:
        end_roles(user=member.user, source=source or f"membership: {to}")


def _last_reason(member: Member) -> str:
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    return last.reason if last else ""


def _refusal(member: Member, to: str, reason: str) -> StateRefused:
    named = Reason(reason).label if reason in Reason.values else reason
    new = State(to).label if to in State.values else to
    return StateRefused(name=member.name, old=member.get_state_display(), new=new, reason=named)


def _day_in_reach(member: Member, day: date | None) -> date:
    today = timezone.localdate()
    if day is None:
        return today
    if day > today:
        raise NotYet
    first = MemberEvent.objects.filter(member=member).aggregate(day=Min("effective_on"))["day"]
    if first is not None and day < first:
        raise TooEarly(name=member.name, first=date_format(first))
    return day


def _enter(member: Member, to: str, day: date, actor: User | None, text: str) -> None:
    """What the member's own row says of the new state."""
    if to == State.ACTIVE and member.number is None:
        member.number = _next_number()
    if to == State.ACTIVE and member.state == State.APPLICANT:
        member.admitted_at = timezone.now()
    if to in MEMBERS:
        member.ended_on = None
    elif to in ENDED:
        member.ended_on = day
    member.state, member.decided_by, member.decision_reason = State(to), actor, text
    member.save(
        update_fields=[
            "number",
            "admitted_at",
            "ended_on",
            "state",
            "decided_by",
            "decision_reason",
        ]
    )


@transaction.atomic
def admit(
    *,
    member_id: int,
    actor: User | None,
    source: str = "",
    effective_on: date | None = None,
) -> Member:
    """The applicant as an active member with the next number; a second call changes nothing.

    Numbers run 1, 2, 3 … without a gap: the counter's row stays locked until the number is
    committed or the counter is rolled back with it. Who comes back keeps their number.
    Raises NotAnApplicant, DecidedByVote where policy leaves admission to the members.
    """
    member = locked(member_id)
    if member.state == State.ACTIVE:
        return member
    if member.state != State.APPLICANT:
        raise NotAnApplicant(name=member.name, state=member.get_state_display())
    _require_a_vote("admission_by_vote", source)
    return change_state(
        member_id=member_id,
        to=State.ACTIVE,
        reason=Reason.ADMISSION,
        actor=actor,
        source=source,
        effective_on=effective_on,
    )


@transaction.atomic
def refuse(*, member_id: int, reason: str, actor: User | None, source: str = "") -> Member:
    """The application refused, with the reason in words that the applicant reads.

    Refusing again changes nothing. Raises ReasonMissing, NotAnApplicant.
    """
    _require_words(reason)
    member = locked(member_id)
    if member.state == State.REFUSED:
        return member
    if member.state != State.APPLICANT:
        raise NotAnApplicant(name=member.name, state=member.get_state_display())
    return change_state(
        member_id=member_id,
        to=State.REFUSED,
        reason=Reason.REFUSAL,
        actor=actor,
        source=source,
        text=reason,
    )


@transaction.atomic
def suspend(
    *,
    member_id: int,
    text: str,
    actor: User | None,
    source: str = "",
    appeal: str = "",
    effective_on: date | None = None,
    reason: str = Reason.SUSPENSION,
) -> Member:
    """The member suspended: they keep reading, and may neither buy, offer nor vote.

    Raises ReasonMissing, StateRefused.
    """
    _require_words(text)
    return change_state(
        member_id=member_id,
        to=State.SUSPENDED,
        reason=reason,
        actor=actor,
        source=source,
        effective_on=effective_on,
        text=text,
        appeal=appeal,
    )


@transaction.atomic
def expel(
    *,
    member_id: int,
    text: str,
    actor: User | None,
    source: str = "",
    appeal: str = "",
    effective_on: date | None = None,
    reason: str = Reason.EXPULSION,
) -> Member:
    """The member expelled. What they hold stays theirs until it is paid out or transferred.

    Raises ReasonMissing, StateRefused, DecidedByVote where policy leaves it to the members.
    """
    _require_a_vote("expulsion_by_vote", source)
    _require_words(text)
    return change_state(
        member_id=member_id,
        to=State.EXPELLED,
        reason=reason,
        actor=actor,
        source=source,
        effective_on=effective_on,
        text=text,
        appeal=appeal,
    )


def _require_words(text: str) -> None:
    if not text.strip():
        raise ReasonMissing


def _require_a_vote(key: str, source: str) -> None:
    if not source.startswith(BY_VOTE) and policy(key, timezone.now()):
        raise DecidedByVote


@transaction.atomic
def start_leaving(
    *,
    member_id: int,
    reason: str = Reason.RESIGNATION,
    actor: User | None,
    effective_on: date | None = None,
    source: str = "",
    text: str = "",
) -> Member:
    """The member has given notice on `effective_on`: still a member, but buys nothing more.

    A second call changes nothing. Raises StateRefused, NotYet, TooEarly.
    """
    return change_state(
        member_id=member_id,
        to=State.LEAVING,
        reason=reason,
        actor=actor,
        source=source,
        effective_on=effective_on,
        text=text,
    )


@transaction.atomic
def stay(*, member_id: int, actor: User | None, source: str = "") -> Member:
    """The notice taken back: the member is active again. Raises StateRefused."""
    return change_state(
        member_id=member_id,
        to=State.ACTIVE,
        reason=Reason.WITHDRAWAL,
        actor=actor,
        source=source,
    )


@transaction.atomic
def finish_leaving(
    *,
    member_id: int,
    actor: User | None,
    effective_on: date | None = None,
    source: str = "",
) -> Member:
    """The membership over, for the reason for which the member was leaving.

    A second call changes nothing. Raises StateRefused for whoever is not leaving.
    """
    member = locked(member_id)
    if member.state == State.LEFT:
        return member
    return change_state(
        member_id=member_id,
        to=State.LEFT,
        reason=_reason_to_leave(member),
        actor=actor,
        source=source,
        effective_on=effective_on,
    )


def _reason_to_leave(member: Member) -> str:
    """Why a member gave notice, also where a correction brought them back to leaving."""
    last = _last_reason(member)
    if (member.state, last) != (State.LEAVING, Reason.CORRECTION):
        return last
    said = MemberEvent.objects.filter(member=member, to_state=State.LEAVING).order_by("-pk")
    given = said.exclude(reason=Reason.CORRECTION).first()
    return given.reason if given else Reason.RESIGNATION


@transaction.atomic
def make_appeal(*, member_id: int, text: str, actor: User | None) -> Appeal:
    """The member's written answer to the last decision against them; the first one stands.

    Raises ReasonMissing, NothingToAppeal.
    """
    member = locked(member_id)
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    if last is None or not is_against(last):
        raise NothingToAppeal
    _require_words(text)
    row, _made = Appeal.objects.get_or_create(
        event=last, defaults={"text": text.strip(), "made_at": timezone.now()}
    )
    return row


@transaction.atomic
def answer_appeal(*, appeal_id: int, answer: str, actor: User | None) -> Appeal:
    """What was decided on an appeal, in words. Raises ReasonMissing, NothingToAnswer."""
    _require_words(answer)
    row = Appeal.objects.select_for_update(no_key=True, of=("self",)).get(pk=appeal_id)
    if row.answered_at is not None:
        raise NothingToAnswer
    row.answer, row.answered_at, row.answered_by = answer.strip(), timezone.now(), actor
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    return row


def locked(member_id: int) -> Member:
    """The member under the lock that every change of them takes."""
    return Member.objects.select_for_update(no_key=True).get(pk=member_id)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER)
        row = cursor.fetchone()
    if row is None:
        raise Cooperative.DoesNotExist
    number: int = row[0]
    return number
