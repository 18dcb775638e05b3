"""Members of a register that moves in: rows, what happened to them, how to reach them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone

from members.models import Contact, Member, MemberEvent, Particulars, User
from members.transitions import ENDED
from titles.exchange.shapes import EventRow, MemberRow, Register

BATCH = 2000
SOURCE = "register"
State, Reason = Member.State, MemberEvent.Reason


def enter_members(
    register: Register, *, known: Mapping[int, Member], now: datetime, actor: User | None
) -> Mapping[int, Member]:
    """The members of a register by number; those that are here already stay as they are."""
    rows = [row for row in register.members if row.number not in known]
    events = _events_by_member(register.events)
    members = [_member(row) for row in rows]
    Member.objects.bulk_create(members, batch_size=BATCH)
    pairs = list(zip(members, rows, strict=True))
    made = [event for m, row in pairs for event in _history(m, row, events[row.number], now, actor)]
    MemberEvent.objects.bulk_create(made, batch_size=BATCH)
    Particulars.objects.bulk_create((_particulars(*p, now, actor) for p in pairs), BATCH)
    Contact.objects.bulk_create(
        (_contact(*p, now, actor) for p in pairs if p[1].email or p[1].phone), BATCH
    )
    _come_to_their_state(pairs, events)
    return {**known, **{row.number: member for member, row in pairs}}


def implied(row: MemberRow) -> EventRow:
    """What happened to a member of whom no event is told: they were taken over as they are."""
    day = timezone.localdate(row.admitted_at)
    return EventRow(member=row.number, on=day, state=State.ACTIVE, reason=Reason.TAKEOVER)


def _events_by_member(rows: Iterable[EventRow]) -> dict[int, list[EventRow]]:
    found: dict[int, list[EventRow]] = defaultdict(list)
    for row in rows:
        found[row.member].append(row)
    return found


def _member(row: MemberRow) -> Member:
    return Member(
        number=row.number,
        kind=row.kind,
        name=row.name,
        address=row.address,
        state=_first_state(row),
        applied_at=row.applied_at or row.admitted_at,
        admitted_at=row.admitted_at,
        bylaws_version=row.bylaws,
        consents_to_conversion=row.conversion,
    )


def _history(
    member: Member, row: MemberRow, events: Sequence[EventRow], now: datetime, actor: User | None
) -> Iterator[MemberEvent]:
    before = ""
    for event in events or [implied(row)]:
        yield MemberEvent(
            member=member,
            from_state=before,
            to_state=event.state,
            reason=event.reason,
            text=event.text,
            effective_on=event.on,
            recorded_at=now,
            decided_by=actor,
            source=SOURCE,
        )
        before = event.state


def _particulars(member: Member, row: MemberRow, now: datetime, actor: User | None) -> Particulars:
    return Particulars(
        member=member,
        name=row.name,
        address=row.address,
        born_on=row.born_on,
        valid_from=timezone.localdate(row.applied_at or row.admitted_at),
        recorded_at=now,
        recorded_by=actor,
        source=SOURCE,
    )


def _contact(member: Member, row: MemberRow, now: datetime, actor: User | None) -> Contact:
    return Contact(
        member=member,
        email=row.email,
        phone=row.phone,
        valid_from=timezone.localdate(row.admitted_at),
        recorded_at=now,
        recorded_by=actor,
    )


def _come_to_their_state(
    pairs: Sequence[tuple[Member, MemberRow]], events: Mapping[int, Sequence[EventRow]]
) -> None:
    """Everybody enters as a member or applicant; who is neither any longer takes that step here."""
    moved = [(member, row) for member, row in pairs if row.state != _first_state(row)]
    for member, row in moved:
        last = events[row.number][-1]
        member.state, member.decision_reason = State(row.state), last.text
        member.ended_on = _ended_on(last)
    fields = ["state", "decision_reason", "ended_on"]
    Member.objects.bulk_update([member for member, _row in moved], fields, batch_size=500)


def _first_state(row: MemberRow) -> Member.State:
    asks = row.state in (State.APPLICANT, State.REFUSED)
    return State.APPLICANT if asks else State.ACTIVE


def _ended_on(last: EventRow) -> date | None:
    return last.on if last.state in ENDED else None
