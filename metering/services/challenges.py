"""Storage challenges: uploaded by who stores, issued at random, answered by the node, judged."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from members.models import User
from metering.errors import NotAStoredFolder, SchemaError
from metering.models import MeterAssignment, Node, NodeStateChange, StorageChallenge
from metering.notes.challenge_file import Prepared
from metering.payloads import read_audit_answer, spelled
from metering.services.asking import asking
from metering.services.signed import Result, verify
from metering.services.states import suspect
from policies.queries import policy
from signing import dsse, keys, strict_json

CHALLENGE: Final = dsse.payload_type("audit-challenge")
REQUEST: Final = dsse.payload_type("challenges-request")
ANSWER: Final = dsse.payload_type("audit-answer")
State, Why = StorageChallenge.State, StorageChallenge.Why
FOLDER = "dir:"

ISSUE = """
UPDATE metering_storagechallenge c SET state = 'issued', issued_at = %(now)s, until = %(until)s
FROM (
    SELECT DISTINCT ON (w.assignment_id) w.id FROM metering_storagechallenge w
    JOIN metering_meterassignment a ON a.id = w.assignment_id
    JOIN metering_meter m ON m.id = a.meter_id JOIN metering_node n ON n.id = m.node_id
    WHERE w.state = 'waiting' AND n.state IN ('active', 'silent', 'suspect', 'quarantined')
      AND (a.until IS NULL OR a.until > %(now)s)
      AND NOT EXISTS (SELECT FROM metering_storagechallenge i
                      WHERE i.assignment_id = w.assignment_id AND i.state <> 'waiting'
                        AND i.issued_at > %(since)s)
    ORDER BY w.assignment_id, random()
) AS chosen
WHERE c.id = chosen.id AND c.state = 'waiting' RETURNING c.id"""


def upload_challenges(
    *, actor: User | None, assignment: MeterAssignment, prepared: Sequence[Prepared]
) -> int:
    """Keep what the member's program worked out; how many are new.

    Raises NotAStoredFolder where the assignment's meter measures no folder.
    """
    if not assignment.meter.name.startswith(FOLDER):
        raise NotAStoredFolder
    with transaction.atomic():
        rows = StorageChallenge.objects.filter(assignment=assignment)
        before = rows.count()
        StorageChallenge.objects.bulk_create(
            [
                StorageChallenge(
                    assignment=assignment, name=p.name, offset=p.offset, length=p.length,
                    nonce=p.nonce, digest=p.digest, uploaded_by=actor,
                )
                for p in prepared
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        return rows.count() - before


def sweep_challenges(*, now: datetime | None = None) -> int:
    """Ask the next ones, each once and by chance; fail those that nobody answered. How many asked.

    An assignment is asked at most once in `challenge_every_hours`.
    """
    moment = now or timezone.now()
    _fail_overdue(moment)
    params = {
        "now": moment,
        "until": moment + timedelta(hours=policy("challenge_hours", moment)),
        "since": moment - timedelta(hours=policy("challenge_every_hours", moment)),
    }
    with connection.cursor() as cursor:
        cursor.execute(ISSUE, params)
        return len(cursor.fetchall())


def _fail_overdue(now: datetime) -> None:
    overdue = StorageChallenge.objects.filter(state=State.ISSUED, until__lte=now)
    nodes = Node.objects.filter(meters__assignments__challenges__in=overdue).distinct()
    for node in nodes.order_by("pk"):
        with transaction.atomic():
            Node.objects.select_for_update(no_key=True).get(pk=node.pk)
            theirs = overdue.filter(assignment__meter__node=node)
            if theirs.update(state=State.FAILED, why=Why.NONE):
                _suspect_after_failures(node, now)


def signed_challenges(*, envelope: dsse.Envelope) -> dsse.Envelope:
    """What the node that signed this question is asked now; an empty list where nothing is.

    Names of files are their members' own, so nobody else is told. Raises a WireError.
    """
    node = asking(envelope, REQUEST, timezone.now())
    rows = StorageChallenge.objects.filter(
        assignment__meter__node=node, state=State.ISSUED, until__gt=timezone.now()
    ).select_related("assignment__meter")
    payload = {
        "v": 1,
        "node": str(node.uuid),
        "issued_at": spelled(timezone.now()),
        "challenges": [_line(row) for row in rows.order_by("pk")],
    }
    return keys.sign_document(CHALLENGE, strict_json.dumps(payload))


def _line(row: StorageChallenge) -> dict[str, Any]:
    return {
        "id": row.pk,
        "meter": row.assignment.meter.name,
        "name": row.name,
        "offset": row.offset,
        "length": row.length,
        "nonce": row.nonce,
        "until": spelled(row.until or timezone.now()),
    }


def accept_audit_answer(envelope: dsse.Envelope) -> Result:
    """An `audit-answer` of a node: judged once; the same again is `duplicate`.

    A wrong or late answer is taken and recorded as failed. Raises a WireError.
    """
    verified = verify(envelope)
    said = read_audit_answer(envelope.payload)
    node = verified.key.node
    if said.node != str(node.uuid):
        raise SchemaError("the answer is another node's")
    with transaction.atomic():
        Node.objects.select_for_update(no_key=True).get(pk=node.pk)
        status = _judge(node, said.id, said.digest, envelope)
    return Result(str(node.uuid), verified.key.epoch, None, envelope.digest, status)


def _judge(node: Node, number: int, digest: str, envelope: dsse.Envelope) -> str:
    rows = StorageChallenge.objects.select_for_update(of=("self",))
    row = rows.filter(pk=number, assignment__meter__node=node).first()
    if row is None or row.until is None:
        raise SchemaError("no such challenge was issued to this node")
    if row.state != State.ISSUED:
        return "duplicate"
    now = timezone.now()
    is_right = hmac.compare_digest(row.digest, digest)
    row.why = Why.LATE if now > row.until else "" if is_right else Why.WRONG
    row.state = State.FAILED if row.why else State.PASSED
    row.answered_at, row.answer = now, strict_json.dumps(envelope.as_dict())
    row.save(update_fields=["state", "why", "answered_at", "answer"])
    if row.why:
        _suspect_after_failures(node, now)
    return "accepted"


def _suspect_after_failures(node: Node, now: datetime) -> None:
    """Suspect the node once so many of its challenges failed since a steward decided last."""
    decided = (
        NodeStateChange.entered()
        .filter(node=node, state=Node.State.ACTIVE)
        .exclude(trigger=NodeStateChange.Trigger.HEARD)
    )
    since = decided.order_by("-at").values_list("at", flat=True).first()
    failed = StorageChallenge.objects.filter(assignment__meter__node=node, state=State.FAILED)
    if since is not None:
        failed = failed.filter(until__gt=since)
    if failed.count() >= policy("challenge_failures", now):
        suspect(
            node=node,
            reason="storage challenges failed",
            trigger=NodeStateChange.Trigger.CHALLENGE,
            facts={"challenges": list(failed.order_by("-pk").values_list("pk", flat=True)[:20])},
        )
