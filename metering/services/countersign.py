"""Delivery notes: what an assignment came to on a day, put before its member (docs/links.md).

Silence accepts; a refusal is a dispute. An answer may be signed with the member's own key, or by
a node of theirs.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from members.identity import statements
from members.identity.statements import Draft
from members.models import User
from members.services import verify_statement
from metering.errors import NoteAnswered, OtherNote, SchemaError
from metering.models import Countersigning, DeliveryNote, MeterAssignment, Node
from metering.payloads import read_countersign
from metering.services.disputes import raise_dispute
from metering.services.signed import Result, verify
from policies.queries import policy
from signing import dsse, strict_json
from tokens.errors import ReasonMissing

KIND: Final = dsse.payload_type("delivery-note")
ENVELOPE: Final = dsse.payload_type("countersign")
State = DeliveryNote.State
AFTER_MIDNIGHT = timedelta(hours=1)
"""how long after a day its note is written: most of it has come in by then"""

DUE = """
WITH booked AS (
    SELECT r.assignment_id, (r.ends_at - interval '1 microsecond') AT TIME ZONE %(zone)s AS at,
           r.amount
    FROM metering_reading r JOIN metering_countersigning c ON c.assignment_id = r.assignment_id
    WHERE r.state = 'rated' AND r.ends_at > c.since
      AND (c.until IS NULL OR r.ends_at <= c.until)
    UNION ALL
    SELECT k.assignment_id, h.hour AT TIME ZONE %(zone)s, k.amount
    FROM metering_linkcorrection k JOIN metering_linkhour h ON h.id = k.hour_id
    JOIN metering_countersigning c ON c.assignment_id = k.assignment_id
    WHERE h.hour >= c.since AND (c.until IS NULL OR h.hour < c.until)
), days AS (
    SELECT assignment_id, at::date AS day, sum(amount) AS amount FROM booked GROUP BY 1, 2
), noted AS (
    SELECT assignment_id, day, sum(amount) AS amount, max(number) AS number
    FROM metering_deliverynote GROUP BY 1, 2
)
SELECT d.assignment_id, d.day, (d.amount - coalesce(n.amount, 0))::bigint,
       coalesce(n.number, 0) + 1
FROM days d LEFT JOIN noted n USING (assignment_id, day)
WHERE d.day < %(today)s AND d.amount <> coalesce(n.amount, 0) ORDER BY 1, 2"""


def countersign_assignment(
    *, actor: User | None, assignment: MeterAssignment, since: datetime | None = None
) -> Countersigning:
    """From `since` (default: now) the member is asked about each day; again changes nothing.

    What ended begins anew only with a new assignment.
    """
    row, _made = Countersigning.objects.get_or_create(
        assignment=assignment, defaults={"since": since or timezone.now(), "made_by": actor}
    )
    return row


def end_countersigning(*, actor: User | None, assignment: MeterAssignment) -> None:
    """The member is asked no more; notes that are open stay so until answered."""
    rows = Countersigning.objects.filter(assignment=assignment, until=None)
    rows.update(until=timezone.now())


def sweep_notes(*, now: datetime | None = None) -> int:
    """Write the notes of days that are over and accept those nobody answered in time.

    How many were written. Run again, nothing is added.
    """
    moment = now or timezone.now()
    written = _write_notes(moment)
    DeliveryNote.objects.filter(state=State.OPEN, due__lte=moment).update(
        state=State.SILENT, answered_at=moment
    )
    return written


def _write_notes(now: datetime) -> int:
    due = now + timedelta(hours=policy("countersign_hours", now))
    today = timezone.localdate(now - AFTER_MIDNIGHT)
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"zone": timezone.get_current_timezone_name(), "today": today})
        rows = [
            DeliveryNote(
                assignment_id=pk, day=day, amount=amount, number=number, made_at=now, due=due
            )
            for pk, day, amount, number in cursor.fetchall()
        ]
    DeliveryNote.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def draft_answer(*, note: DeliveryNote, accepts: bool, reason: str = "") -> Draft:
    """What the member signs with their own key to answer a note; good for a day."""
    return statements.draft(KIND, _says(note, accepts, reason), at=timezone.now())


def _says(note: DeliveryNote, accepts: bool, reason: str) -> dict[str, Any]:
    return {
        "statement": "This is what I was delivered." if accepts else "I was not delivered this.",
        "note": note.pk,
        "member": note.assignment.member.number,
        "day": note.day.isoformat(),
        "millitokens": note.amount,
        "accepts": accepts,
        "reason": reason.strip(),
    }


def answer_note(
    *,
    note_id: int,
    accepts: bool,
    actor: User | None,
    reason: str = "",
    envelope: dsse.Envelope | None = None,
) -> DeliveryNote:
    """Accept a note, or refuse it with a reason: then it is a dispute.

    With `envelope` the answer is signed with the member's own key. The same answer again changes
    nothing. Raises NoteAnswered, ReasonMissing, OtherNote and what statements refuse.
    """
    if envelope is not None:
        _require_own(note_id, accepts, reason, envelope)
    signed = None if envelope is None else strict_json.dumps(envelope.as_dict())
    return _answer(note_id, accepts, reason, actor, {"signed": signed})


def _require_own(note_id: int, accepts: bool, reason: str, envelope: dsse.Envelope) -> None:
    note = DeliveryNote.objects.select_related("assignment__member").get(pk=note_id)
    now = timezone.now()
    says = statements.words_of(envelope, KIND, at=now)
    verify_statement(member=note.assignment.member, envelope=envelope, kind=KIND, at=now)
    wanted = _says(note, accepts, reason)
    if {name: says.get(name) for name in wanted} != wanted:
        raise OtherNote


@transaction.atomic
def _answer(
    note_id: int, accepts: bool, reason: str, actor: User | None, proof: dict[str, Any]
) -> DeliveryNote:
    """Once; the dispute that a refusal is comes before the note's row is locked."""
    if not accepts and not reason.strip():
        raise ReasonMissing
    related = ("assignment__member", "assignment__pool", "assignment__resource")
    row = DeliveryNote.objects.select_related(*related).get(pk=note_id)
    wanted = State.ACCEPTED if accepts else State.REFUSED
    if row.state == wanted:
        return row
    if row.state != State.OPEN:
        raise NoteAnswered
    dispute = None if accepts else _refuse(row, reason, actor)
    told = {"state": wanted, "answered_at": timezone.now(), "answered_by": actor, **proof}
    changed = DeliveryNote.objects.filter(pk=row.pk, state=State.OPEN)
    if not changed.update(dispute=dispute, **told):
        raise NoteAnswered
    row.refresh_from_db()
    return row


def _refuse(row: DeliveryNote, reason: str, actor: User | None) -> Any:
    return raise_dispute(
        member=row.assignment.member,
        pool=row.assignment.pool,
        resource=row.assignment.resource,
        day=row.day,
        reason=reason[:400],
        actor=actor,
        key=f"note:{row.pk}",
    )


def accept_countersign(envelope: dsse.Envelope) -> Result:
    """A `countersign` envelope: a node of the member's answers one of their notes.

    Raises a WireError; the same envelope again is `duplicate`.
    """
    verified = verify(envelope)
    said = read_countersign(envelope.payload)
    node = verified.key.node
    if said.node != str(node.uuid):
        raise SchemaError("the answer is another node's")
    note = _note_for(node, said.note)
    if note is None or note.amount != said.amount:
        raise SchemaError("no such delivery note for this node’s owner")
    before = note.state
    proof = {"signed": strict_json.dumps(envelope.as_dict()), "node": node}
    try:
        _answer(note.pk, said.answer == "accepted", said.reason, None, proof)
    except (NoteAnswered, ReasonMissing) as error:
        raise SchemaError(str(error)) from error
    status = "accepted" if before == State.OPEN else "duplicate"
    return Result(str(node.uuid), verified.key.epoch, None, envelope.digest, status)


def _note_for(node: Node, note_id: int) -> DeliveryNote | None:
    """A note whose member looks after the node that answers, and not the one that measured."""
    if node.owner_id is None:
        return None
    rows = DeliveryNote.objects.filter(pk=note_id, assignment__member=node.owner_id)
    return rows.exclude(assignment__meter__node=node).first()
