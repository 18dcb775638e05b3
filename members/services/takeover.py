"""Taking over a register that was kept elsewhere: original numbers, dates and gaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from members.errors import NumberNotFree
from members.models import Contact, Member, MemberEvent, NumberVoid, Particulars, User

State, Reason = Member.State, MemberEvent.Reason
MEMBER = "member"
RAISE_COUNTER = """
UPDATE members_cooperative SET next_member_number = greatest(next_member_number, %s + 1)
WHERE id = 1"""


@dataclass(frozen=True)
class Former:
    """A member as an earlier register has them; `ended_on` where they are one no longer."""

    number: int
    name: str
    admitted_on: date
    kind: str = Member.Kind.PERSON
    address: str = ""
    born_on: date | None = None
    email: str = ""
    phone: str = ""
    ended_on: date | None = None
    end_state: str = State.LEFT
    end_reason: str = Reason.RESIGNATION
    consents_to_conversion: bool = True


@transaction.atomic
def take_over(*, rows: Sequence[Former], source: str, actor: User | None) -> list[Member]:
    """The members of an earlier register under their numbers, in the order given.

    A few statements however many they are. Raises NumberNotFree for a number that is held, void,
    or named twice; then nothing is written.
    """
    # The counter is locked first: no number can be given while these are checked.
    _raise_counter(max((row.number for row in rows), default=0))
    _require_free(MEMBER, [row.number for row in rows])
    members = Member.objects.bulk_create([_member(row) for row in rows])
    pairs = list(zip(members, rows, strict=True))
    _write_down(pairs, source, actor)
    ended = [(member, row) for member, row in pairs if row.ended_on is not None]
    for member, row in ended:
        member.state, member.ended_on = State(row.end_state), row.ended_on
    Member.objects.bulk_update([member for member, _row in ended], ["state", "ended_on"])
    return members


def _member(row: Former) -> Member:
    admitted = timezone.make_aware(datetime.combine(row.admitted_on, time.min))
    return Member(
        number=row.number,
        name=row.name,
        address=row.address,
        kind=row.kind,
        state=State.ACTIVE,
        applied_at=admitted,
        admitted_at=admitted,
        consents_to_conversion=row.consents_to_conversion,
    )


def _write_down(pairs: list[tuple[Member, Former]], source: str, actor: User | None) -> None:
    said: dict[str, Any] = {"recorded_at": timezone.now(), "source": source}
    MemberEvent.objects.bulk_create(
        event for member, row in pairs for event in _events(member, row, actor, said)
    )
    Particulars.objects.bulk_create(
        Particulars(
            member=member,
            name=row.name,
            address=row.address,
            born_on=row.born_on,
            valid_from=row.admitted_on,
            recorded_by=actor,
            **said,
        )
        for member, row in pairs
    )
    Contact.objects.bulk_create(
        Contact(
            member=member,
            email=row.email,
            phone=row.phone,
            valid_from=row.admitted_on,
            recorded_at=said["recorded_at"],
            recorded_by=actor,
        )
        for member, row in pairs
        if row.email or row.phone
    )


def _events(
    member: Member, row: Former, actor: User | None, said: dict[str, Any]
) -> Iterable[MemberEvent]:
    common = {"member": member, "decided_by": actor, **said}
    yield MemberEvent(
        from_state="",
        to_state=State.ACTIVE,
        reason=Reason.TAKEOVER,
        effective_on=row.admitted_on,
        **common,
    )
    if row.ended_on is not None:
        yield MemberEvent(
            from_state=State.ACTIVE,
            to_state=row.end_state,
            reason=row.end_reason,
            effective_on=row.ended_on,
            **common,
        )


@transaction.atomic
def void_numbers(
    *, kind: str, numbers: Iterable[int], reason: str, source: str, actor: User | None
) -> list[NumberVoid]:
    """Numbers that nobody holds or ever will, with the reason: an earlier register lost them.

    `kind` is "member" or what an upper app numbers, which checks its own holders.
    Raises NumberNotFree.
    """
    wanted = sorted(numbers)
    if kind == MEMBER:
        _raise_counter(max(wanted, default=0))
    _require_free(kind, wanted)
    now = timezone.now()
    return NumberVoid.objects.bulk_create(
        NumberVoid(
            kind=kind,
            number=number,
            reason=reason,
            source=source,
            recorded_at=now,
            recorded_by=actor,
        )
        for number in wanted
    )


def _raise_counter(highest: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RAISE_COUNTER, [highest])


def _require_free(kind: str, numbers: list[int]) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number in seen:
            raise NumberNotFree(number=number)
        seen.add(number)
    taken = NumberVoid.objects.filter(kind=kind, number__in=seen).values_list("number", flat=True)
    held: Iterable[int | None] = []
    if kind == MEMBER:
        held = Member.objects.filter(number__in=seen).values_list("number", flat=True)
    for lost in (*taken, *held):
        raise NumberNotFree(number=lost)
