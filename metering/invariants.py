"""What proves metering right: the chains, the signatures, and usage as a function of evidence."""

from collections.abc import Callable, Iterator

from django.db.models import Q

from ledger.invariants import broken
from metering.counters import OVER_CAPACITY
from metering.links import invariants as link_invariants
from metering.models import Envelope, Node, NodeKey, Reading, RefusedBatch
from metering.rerate import Recheck, booked_otherwise, usage_without_reading
from metering.services.enrol import genesis
from metering.services.receipts import as_document
from metering.trust import invariants as trust_invariants
from signing import dsse, keys
from signing.errors import SigningError


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
    """Every stored batch is what its node signed, every receipt what the cooperative signed.

    Of a batch whose payload has expired the receipt alone is left to be checked.
    """
    public = dict(NodeKey.objects.values_list("keyid", "public_key"))
    wrong = [
        f"envelope {row.pk}: chain or signature do not hold"
        for row in Envelope.objects.filter(expired_at=None).iterator(chunk_size=200)
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
    return [str(found) for node in Node.objects.all() for found in Recheck(node).differences()]


def usage_follows_from_readings() -> list[str]:
    """Every rated reading is booked once, with just what it adds to the total before it."""
    return [*map(str, booked_otherwise()), *usage_without_reading()]


def nothing_impossible_is_booked() -> list[str]:
    """What is over a meter's capacity is held, and nothing else is."""
    assigned = Reading.objects.filter(assignment__isnull=False)
    over = Q(flags__contains=[OVER_CAPACITY])
    wrong = assigned.filter(over & ~Q(state="held") | ~over & Q(state="held"))
    return [
        f"reading {pk}: over its capacity and not held, or held without"
        for pk in wrong.values_list("pk", flat=True)
    ]


OUTSIDE = """
SELECT format('reading %s: outside of its assignment', r.id)
FROM metering_reading r JOIN metering_meterassignment a ON a.id = r.assignment_id
WHERE r.meter_id <> a.meter_id OR r.begins_at < a.since OR r.ends_at > a.until"""


def one_assignment_covers_each_reading() -> list[str]:
    """A booked reading lies within its assignment and is of its meter."""
    return broken(OUTSIDE)


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


INVARIANTS: list[Callable[[], list[str]]] = [
    chains_unbroken,
    signatures_hold,
    readings_follow_from_evidence,
    usage_follows_from_readings,
    nothing_impossible_is_booked,
    one_assignment_covers_each_reading,
    vouchers_follow_from_evidence,
    *trust_invariants.INVARIANTS,
    *link_invariants.INVARIANTS,
]
