"""What proves metering right: the chains, the signatures, and usage as a function of evidence."""

from collections.abc import Callable, Iterator
from itertools import groupby

from django.db.models import Q

from ledger.invariants import broken
from metering.conversion import added
from metering.counters import OVER_CAPACITY
from metering.models import Envelope, Meter, Node, NodeKey, Reading, RefusedBatch
from metering.payloads import read_batch
from metering.queries import descriptions_of, enrolments_of
from metering.replay import Described, Replay, Taken
from metering.services.enrol import genesis
from metering.services.receipts import as_document
from signing import dsse, keys
from signing.errors import SigningError
from tokens.models import Usage

TAKEN = [
    "rule",
    "flags",
    "incarnation",
    "begins_at",
    "ends_at",
    "value_before",
    "value",
    "quantity",
]


def chains_unbroken() -> list[str]:
    """Each accepted batch names the one before it, and the head is the last of them."""
    return [line for key in NodeKey.objects.select_related("node") for line in chain_of(key)]


def chain_of(key: NodeKey) -> Iterator[str]:
    """What is wrong with one chain."""
    rows = Envelope.objects.filter(node=key.node, epoch=key.epoch, status="accepted")
    refused = RefusedBatch.objects.filter(node=key.node, epoch=key.epoch, seq__lte=key.head_seq)
    links: dict[int, tuple[str | None, str]] = {
        seq: (None, chain) for seq, chain in refused.values_list("seq", "chain")
    }
    links |= {s: (p, c) for s, p, c in rows.values_list("seq", "prev", "chain")}
    chain = genesis(str(key.node.uuid), key.epoch, bytes(key.public_key))
    for seq in range(1, key.head_seq + 1):
        if seq not in links:
            yield f"node {key.node_id} epoch {key.epoch}: batch {seq} is missing"
            return
        prev, following = links[seq]
        if prev not in (None, chain):
            yield f"node {key.node_id} epoch {key.epoch}: batch {seq} does not follow"
        chain = following
    if chain != key.head_chain or len(links) != key.head_seq:
        yield f"node {key.node_id} epoch {key.epoch}: the head is not the last batch"


def signatures_hold() -> list[str]:
    """Every stored batch is what its node signed, every receipt what the cooperative signed."""
    public = dict(NodeKey.objects.values_list("keyid", "public_key"))
    wrong = [
        f"envelope {row.pk}: chain or signature do not hold"
        for row in Envelope.objects.iterator(chunk_size=200)
        if not is_signed(row, bytes(public.get(row.keyid, b"")))
    ]
    receipts = Envelope.objects.filter(receipt__isnull=False).select_related("receipt")
    return wrong + [
        f"envelope {row.pk}: its receipt does not hold"
        for row in receipts.iterator(chunk_size=200)
        if not is_receipted(row)
    ]


def is_signed(row: Envelope, public_key: bytes) -> bool:
    """Whether the stored bytes carry the node's signature and give the stored chain value."""
    signature = dsse.Signature(row.keyid, bytes(row.signature))
    envelope = dsse.Envelope(row.payload_type, bytes(row.payload), (signature,))
    try:
        dsse.verify(envelope, public_key, row.payload_type)
    except SigningError:
        return False
    return envelope.digest == row.chain


def is_receipted(row: Envelope) -> bool:
    """Whether the receipt carries the cooperative's signature and names the batch."""
    document = as_document(row.receipt)
    try:
        payload = keys.verify_document(document, document.payload_type)
    except SigningError:
        return False
    return row.chain.encode() in payload


def readings_follow_from_evidence() -> list[str]:
    """Running all rated batches through the counter rules again gives the stored readings."""
    return [line for node in Node.objects.all() for line in replayed(node)]


def replayed(node: Node) -> Iterator[str]:
    """Where a node's stored readings differ from what its evidence gives."""
    kinds = dict(Meter.objects.filter(node=node).values_list("name", "kind"))
    replay = Replay(kinds=kinds, enrolled_at=enrolments_of(node))
    descriptions = Descriptions(node)
    rows = Envelope.objects.filter(node=node, rated_at__isnull=False).order_by("epoch", "seq")
    for envelope in rows.iterator(chunk_size=200):
        stored = {row.position: row for row in envelope.readings.select_related("meter")}
        batch = read_batch(bytes(envelope.payload))
        known = described_then(stored, descriptions[batch.inv])
        taken = {t.position: t for t in replay.take(batch, envelope.received_at, known)}
        for position in sorted(stored.keys() | taken.keys()):
            if not same(stored.get(position), taken.get(position)):
                yield f"envelope {envelope.pk}, record {position}: the reading differs"


class Descriptions(dict[str, Described | None]):
    """A node's inventories, each read when it is first asked for."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def __missing__(self, digest: str) -> Described | None:
        self[digest] = descriptions_of(self._node, [digest]).get(digest)
        return self[digest]


def described_then(stored: dict[int, Reading], known: Described | None) -> Described | None:
    """The inventory as it was when the batch was rated: it may have come later."""
    missing = any("no_inventory" in row.flags for row in stored.values())
    return None if missing else known


def same(row: Reading | None, taken: Taken | None) -> bool:
    """Whether a stored reading says what the evidence gives."""
    if row is None or taken is None:
        return False
    if row.meter.name != taken.meter:
        return False
    return all(getattr(row, name) == getattr(taken, name) for name in TAKEN)


def usage_follows_from_readings() -> list[str]:
    """Every rated reading is booked once, with just what it adds to the total before it."""
    rated = Reading.objects.filter(state=Reading.State.RATED).select_related("assignment")
    ordered = rated.order_by("assignment_id", "period_id", "pk")
    usages = metered_usage()
    wrong: list[str] = []
    for (_, period_id), rows in groupby(ordered, key=lambda r: (r.assignment_id, r.period_id)):
        total = 0
        for row in rows:
            wrong += booked(row, total, period_id, usages)
            total += row.quantity
    left = [f"usage {key} has no reading" for key in usages]
    return wrong + left


def metered_usage() -> dict[str, tuple[int, int, int]]:
    """Amount, member and period of all metered usage, by key."""
    rows = Usage.objects.filter(key__startswith="reading:").values_list(
        "key", "amount", "book__member_id", "book__yields__period_id"
    )
    return {key: (amount, member, period) for key, amount, member, period in rows}


def booked(
    row: Reading,
    total: int,
    period_id: int | None,
    usages: dict[str, tuple[int, int, int]],
) -> Iterator[str]:
    """What is wrong with one rated reading; takes its usage out of `usages`."""
    assignment = row.assignment
    if assignment is None:
        return
    amount = added(total, row.quantity, assignment.num, assignment.den)
    if row.raw_before != total or row.amount != amount:
        yield f"reading {row.pk}: {row.amount} was booked, the evidence gives {amount}"
    found = usages.pop(f"reading:{row.pk}", None)
    wanted = (amount, assignment.member_id, period_id) if amount else None
    if found != wanted:
        yield f"reading {row.pk}: its usage is {found} and should be {wanted}"


def nothing_impossible_is_booked() -> list[str]:
    """What is over a meter's capacity is held, and nothing else is."""
    assigned = Reading.objects.filter(assignment__isnull=False)
    over = Q(flags__contains=[OVER_CAPACITY])
    wrong = assigned.filter(over & ~Q(state="held") | ~over & Q(state="held"))
    return [
        f"reading {pk}: over its capacity and not held, or held without"
        for pk in wrong.values_list("pk", flat=True)
    ]


def one_assignment_covers_each_reading() -> list[str]:
    """A booked reading lies within its assignment and is of its meter."""
    assigned = Reading.objects.filter(assignment__isnull=False).select_related("assignment")
    return [f"reading {row.pk}: outside of its assignment" for row in assigned if outside(row)]


PRESENTED_DIFFERS = """
SELECT format('voucher %s: %s were presented in its period, its row says %s', v.id, s.n,
              v.presented)
FROM tokens_voucher v JOIN tokens_book b ON b.id = v.book_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.amount), 0) AS n FROM metering_voucherpresentation p
    JOIN tokens_usage u ON u.key = 'voucher:' || p.id AND u.book_id = b.id
    LEFT JOIN tokens_adjustment a ON a.usage_id = u.id
    WHERE p.voucher_id = v.id AND p.state = 'counted' AND a.id IS NULL) s
WHERE s.n <> v.presented"""
COUNTED_DIFFERS = """
SELECT format('presentation %s: counted as %s, its voucher and those before it say %s', p.id,
              p.amount, s.n)
FROM metering_voucherpresentation p JOIN tokens_voucher v ON v.id = p.voucher_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.quantity), 0) AS raw FROM metering_voucherpresentation e
    WHERE e.voucher_id = p.voucher_id AND e.state = 'counted' AND e.raw_before < p.raw_before) e
CROSS JOIN LATERAL (
    SELECT div((p.raw_before + p.quantity) * v.amount, v.raw)
         - div(p.raw_before * v.amount, v.raw) AS n) s
WHERE p.state = 'counted' AND (p.amount <> s.n OR (p.quantity > 0 AND p.raw_before <> e.raw))"""
UNUSED_DIFFERS = """
SELECT format('usage %s of a voucher is not what a node presented', u.key)
FROM tokens_usage u LEFT JOIN metering_voucherpresentation p ON u.key = 'voucher:' || p.id
WHERE u.kind = 'voucher' AND (p.id IS NULL OR p.amount IS DISTINCT FROM u.amount)
UNION ALL
SELECT format('presentation %s was counted and not used', p.id)
FROM metering_voucherpresentation p
WHERE p.amount > 0 AND NOT EXISTS (SELECT FROM tokens_usage u WHERE u.key = 'voucher:' || p.id)"""
LEFT_OUT = """
SELECT format('envelope %s, record %s: nothing came of it', e.id, r.value ->> 'n')
FROM metering_envelope e
CROSS JOIN LATERAL jsonb_array_elements(convert_from(e.payload, 'UTF8')::jsonb -> 'records') AS r
WHERE e.rated_at IS NOT NULL AND position('"redeem"'::bytea IN e.payload) > 0
  AND r.value ->> 'k' = 'redeem' AND NOT EXISTS (
    SELECT FROM metering_voucherpresentation p
    WHERE p.envelope_id = e.id AND p.position = (r.value ->> 'n')::integer
      AND p.ticket = r.value ->> 'ticket' AND p.quantity = (r.value ->> 'q')::numeric)"""


def vouchers_follow_from_evidence() -> list[str]:
    """What nodes gave for vouchers is stored as they signed it, and used once each."""
    checks = (LEFT_OUT, COUNTED_DIFFERS, UNUSED_DIFFERS, PRESENTED_DIFFERS)
    return [line for check in checks for line in broken(check)]


def outside(row: Reading) -> bool:
    """Whether a reading is not wholly its assignment's."""
    assignment = row.assignment
    if assignment is None or assignment.meter_id != row.meter_id:
        return True
    late = assignment.until is not None and row.ends_at > assignment.until
    return late or row.begins_at < assignment.since


INVARIANTS: list[Callable[[], list[str]]] = [
    chains_unbroken,
    signatures_hold,
    readings_follow_from_evidence,
    usage_follows_from_readings,
    nothing_impossible_is_booked,
    one_assignment_covers_each_reading,
    vouchers_follow_from_evidence,
]
