"""What proves the checks from both sides: corrections, disputes, notes and answers."""

from collections.abc import Callable, Iterator

from ledger.invariants import broken
from metering.errors import WireError
from metering.models import DeliveryNote, LinkPair, MeterAssignment, Node, StorageChallenge
from metering.services.challenges import ANSWER
from metering.services.countersign import ENVELOPE as COUNTERSIGN
from metering.services.links import booked_corrections, expected_corrections
from metering.services.signed import key_behind
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError

NOT_USED_ONCE = """
SELECT format('link correction %s is not booked as it says', c.id)
FROM metering_linkcorrection c JOIN metering_meterassignment a ON a.id = c.assignment_id
LEFT JOIN tokens_usage u ON u.key = 'link:' || c.id
LEFT JOIN tokens_book b ON b.id = u.book_id
LEFT JOIN tokens_yield y ON y.id = b.yields_id
WHERE u.amount IS DISTINCT FROM c.amount OR u.kind <> 'correction'
   OR b.member_id <> a.member_id OR y.period_id <> c.period_id
UNION ALL
SELECT format('usage %s of a link has no correction', u.key)
FROM tokens_usage u LEFT JOIN metering_linkcorrection c ON u.key = 'link:' || c.id
WHERE u.key LIKE 'link:%' AND c.id IS NULL"""

MISMATCH_WITHOUT_DISPUTE = """
SELECT format('link %s, %s %s: a contradiction that nobody was told of', pair_id, way, hour)
FROM metering_linkhour WHERE outcome IN ('missing', 'excess') AND dispute_id IS NULL
UNION ALL
SELECT format('dispute %s: not the batches of both sides are attached', d.id)
FROM metering_dispute d JOIN metering_linkhour h ON h.dispute_id = d.id
WHERE d.link_id IS NOT NULL AND (SELECT count(DISTINCT side) FROM metering_disputeenvelope e
                                 WHERE e.dispute_id = d.id) < 2
GROUP BY d.id"""

NOTES_DIFFER = """
SELECT format('delivery note %s: its dispute is another member''s or day''s', n.id)
FROM metering_deliverynote n JOIN metering_dispute d ON d.id = n.dispute_id
JOIN metering_meterassignment a ON a.id = n.assignment_id
WHERE d.member_id <> a.member_id OR d.day <> n.day
UNION ALL
SELECT format('delivery note %s was answered after it was accepted by silence', n.id)
FROM metering_deliverynote n WHERE n.state = 'silent' AND n.answered_at < n.due"""


def corrections_follow_from_comparisons() -> list[str]:
    """Comparing all readings of a link again takes back just what was taken back, once."""
    wrong = list(broken(NOT_USED_ONCE))
    linked = LinkPair.objects.values_list("a_tx__node", flat=True).distinct()
    for node in Node.objects.filter(pk__in=linked):
        wrong += compared_anew(node)
    return wrong


def compared_anew(node: Node) -> Iterator[str]:
    """Where what was taken back differs from what the readings give."""
    wanted, booked = expected_corrections(node), booked_corrections(node)
    for place in sorted(wanted.keys() | booked.keys()):
        if wanted.get(place, 0) != booked.get(place, 0):
            pair, way, hour, assignment, period = place
            yield (
                f"link {pair} {way} {hour}, assignment {assignment}, period {period}: "
                f"{booked.get(place, 0)} stands, the readings give {wanted.get(place, 0)}"
            )


def contradictions_are_told() -> list[str]:
    """Every mismatch stands under a dispute that holds what both ends signed."""
    return list(broken(MISMATCH_WITHOUT_DISPUTE))


def notes_are_answered_by_their_member() -> list[str]:
    """A refusal is that member's dispute of that day; what is signed is signed by theirs."""
    wrong = list(broken(NOTES_DIFFER))
    by_node = DeliveryNote.objects.exclude(node=None).select_related("assignment", "node")
    return wrong + [
        f"delivery note {row.pk}: the node that answered is not its member's"
        for row in by_node
        if not answers_for(row.node, row.assignment, bytes(row.signed or b""))
    ]


def answers_for(node: Node | None, assignment: MeterAssignment, signed: bytes) -> bool:
    """Whether a node of this assignment's member signed so."""
    return (
        node is not None
        and is_by(node, signed, COUNTERSIGN)
        and node.owner_id == assignment.member_id
    )


def is_by(node: Node, signed: bytes, kind: str) -> bool:
    """Whether a stored envelope is signed by a key of this node, as this kind."""
    try:
        envelope = Envelope.from_json(signed)
        key, _signature = key_behind(envelope)
    except (SigningError, WireError):
        return False
    return key.node_id == node.pk and envelope.payload_type == kind


def challenges_are_judged_by_what_was_signed() -> list[str]:
    """A challenge passed with its own digest in an answer that its node signed in time."""
    rows = StorageChallenge.objects.exclude(answer=None).select_related("assignment__meter__node")
    return [
        f"challenge {row.pk}: its answer does not say what stands"
        for row in rows
        if not is_judged(row)
    ]


def is_judged(row: StorageChallenge) -> bool:
    """Whether the stored answer gives the stored judgement."""
    raw = bytes(row.answer or b"")
    if not is_by(row.assignment.meter.node, raw, ANSWER):
        return False
    said = strict_json.loads(Envelope.from_json(raw).payload)
    in_time = row.answered_at is not None and row.until is not None and row.answered_at <= row.until
    right = said["digest"] == row.digest
    return said["id"] == row.pk and (row.state == row.State.PASSED) == (right and in_time)


INVARIANTS: list[Callable[[], list[str]]] = [
    corrections_follow_from_comparisons,
    contradictions_are_told,
    notes_are_answered_by_their_member,
    challenges_are_judged_by_what_was_signed,
]
