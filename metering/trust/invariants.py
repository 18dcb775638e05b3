"""What proves that states, suspense and keys are as their histories say (docs/trust.md)."""

import hashlib
from collections.abc import Callable, Iterator

from ledger.invariants import broken
from metering.models import KeyRotation, NodeKey
from metering.services.signed import is_signed
from signing import dsse
from signing.errors import SigningError
from signing.strict_json import loads

STATE_DIFFERS = """
SELECT format('node %s is %s, its history says %s', n.id, n.state, coalesce(c.state, 'nothing'))
FROM metering_node n
LEFT JOIN LATERAL (SELECT state FROM metering_nodestatechange
                   WHERE node_id = n.id ORDER BY id DESC LIMIT 1) c ON true
WHERE c.state IS DISTINCT FROM n.state"""
STEP_IMPOSSIBLE = """
SELECT format('node %s went from %s to %s in change %s', node_id, before, state, id)
FROM (SELECT id, node_id, state, lag(state) OVER (PARTITION BY node_id ORDER BY id) AS before
      FROM metering_nodestatechange) s
WHERE before = 'retired' AND state <> 'retired' OR before = 'revoked' AND state <> 'revoked'
   OR state = 'silent' AND before NOT IN ('active', 'silent')
   OR state = 'retired' AND before NOT IN ('active', 'silent', 'retired')
   OR state = 'suspect' AND before = 'quarantined'"""
ENDLESS = """
SELECT format('node %s is quarantined without an end and without a vote (change %s)', node_id, id)
FROM metering_nodestatechange WHERE state = 'quarantined' AND until IS NULL AND source = ''"""
REVOKED_WITHOUT = """
SELECT format('node %s is revoked, its key of epoch %s is not on the list', k.node_id, k.epoch)
FROM metering_nodekey k JOIN metering_node n ON n.id = k.node_id AND n.state = 'revoked'
LEFT JOIN metering_keyrevocation r ON r.keyid = k.keyid WHERE r.id IS NULL
UNION ALL
SELECT format('revocation %s is not of the key that it names, or of more than is there', r.id)
FROM metering_keyrevocation r LEFT JOIN metering_nodekey k
    ON k.keyid = r.keyid AND k.node_id = r.node_id AND k.epoch = r.epoch
WHERE k.id IS NULL OR r.last_seq > k.head_seq"""
HELD_WITHOUT = """
SELECT format('envelope %s is held and its key was not revoked before it', e.id)
FROM metering_envelope e LEFT JOIN metering_keyrevocation r ON r.keyid = e.keyid
WHERE e.status = 'held' AND (r.id IS NULL OR e.seq <= r.last_seq)
UNION ALL
SELECT format('envelope %s was linked after its key was revoked', e.id)
FROM metering_envelope e JOIN metering_keyrevocation r ON r.keyid = e.keyid
WHERE e.status = 'accepted' AND e.seq > r.last_seq AND e.received_at > r.at"""
SUSPENSE_DIFFERS = """
WITH read AS (
    SELECT y.commodity_id, 'member/' || a.member_id AS owner, sum(r.amount) AS amount
    FROM metering_reading r JOIN metering_meterassignment a ON a.id = r.assignment_id
    JOIN tokens_yield y ON y.period_id = r.period_id AND y.pool_id = a.pool_id
                       AND y.resource_id = a.resource_id
    WHERE r.state = 'suspense' GROUP BY 1, 2
), booked AS (
    SELECT a.commodity_id, a.owner, b.amount FROM ledger_account a
    JOIN ledger_balance b ON b.account_id = a.id WHERE a.kind = 'suspense'
)
SELECT format('%s of %s: %s lie in suspense, its readings come to %s', owner, c.code,
              coalesce(booked.amount, 0), coalesce(read.amount, 0))
FROM read FULL JOIN booked USING (commodity_id, owner)
JOIN ledger_commodity c ON c.id = commodity_id
WHERE coalesce(booked.amount, 0) <> coalesce(read.amount, 0)
UNION ALL
SELECT format('tokens %s: suspense and its other side differ by %s', c.code, sum(b.amount))
FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
JOIN ledger_commodity c ON c.id = a.commodity_id
WHERE a.kind IN ('suspense', 'suspended') GROUP BY c.code HAVING sum(b.amount) <> 0"""
MISPLACED = """
SELECT format('reading %s is %s, its node is %s', r.id, r.state, n.state)
FROM metering_reading r JOIN metering_meter m ON m.id = r.meter_id
JOIN metering_node n ON n.id = m.node_id
WHERE r.state = 'suspense' AND n.state <> 'quarantined'
   OR r.state = 'waiting' AND n.state = 'quarantined'
   OR r.state = 'let_go' AND n.state <> 'revoked'"""
AMOUNT_DIFFERS = """
SELECT format('reading %s: %s in suspense, the evidence gives %s', r.id, r.amount, s.n)
FROM metering_reading r JOIN metering_meterassignment a ON a.id = r.assignment_id
CROSS JOIN LATERAL (SELECT div((r.raw_before + r.quantity) * a.num, a.den)
                         - div(r.raw_before * a.num, a.den) AS n) s
WHERE r.state IN ('suspense', 'let_go') AND r.amount <> s.n"""


def states_follow_from_history() -> list[str]:
    """A node is where its newest change put it, and every change was possible."""
    return broken(STATE_DIFFERS) + broken(STEP_IMPOSSIBLE) + broken(ENDLESS)


def revocations_hold() -> list[str]:
    """All keys of revoked nodes are listed; nothing was linked beyond, and nothing held before."""
    return broken(REVOKED_WITHOUT) + broken(HELD_WITHOUT)


def suspense_follows_from_readings() -> list[str]:
    """The accounts hold what the readings of quarantined nodes come to, to the millitoken."""
    return broken(SUSPENSE_DIFFERS) + broken(MISPLACED) + broken(AMOUNT_DIFFERS)


def epochs_follow_on_one_another() -> list[str]:
    """Each key but the first was promised by the one before it, and took over by a signed wish."""
    rows = KeyRotation.objects.filter(state=KeyRotation.State.ACCEPTED)
    taken = {(row.node_id, row.epoch): row for row in rows}
    keys = {(row.node_id, row.epoch): row for row in NodeKey.objects.select_related("node")}
    wrong = [line for key in keys.values() for line in _follows(key, keys, taken)]
    return wrong + [
        f"rotation {row.pk} was accepted and no key follows"
        for (node, epoch), row in taken.items()
        if (node, epoch + 1) not in keys
    ]


def _follows(
    key: NodeKey,
    keys: dict[tuple[int, int], NodeKey],
    taken: dict[tuple[int, int], KeyRotation],
) -> Iterator[str]:
    """What is wrong with a key's place after the one before it."""
    place = key.node_id, key.epoch - 1
    if key.epoch == 1:
        return
    before, row = keys.get(place), taken.get(place)
    named = f"node {key.node_id}, epoch {key.epoch}"
    if before is None or row is None:
        yield f"{named}: nothing made this key the node's"
        return
    public = bytes(key.public_key)
    if hashlib.sha256(public).hexdigest() != before.next_digest:
        yield f"{named}: this key was not promised"
    said = (bytes(row.public_key), row.last_seq, row.next_digest)
    if said != (public, before.last_seq, key.next_digest):
        yield f"{named}: the key is not the one that took over"
    if not _is_wished(row, before, key):
        yield f"{named}: the signatures of the rotation do not hold"


def _is_wished(row: KeyRotation, before: NodeKey, key: NodeKey) -> bool:
    """Whether the stored wish says what its row says, signed by those who had to sign."""
    try:
        envelope = dsse.Envelope.from_json(bytes(row.envelope))
        said = loads(envelope.payload)
    except SigningError:
        return False
    by_keyid = {signature.keyid: signature for signature in envelope.signatures}
    needed = [key] if row.reason else [key, before]
    told = (said["epoch"], said["last"], said["chain"], said["next"])
    return (
        envelope.digest == row.digest
        and told == (row.epoch, row.last_seq, row.last_chain, row.next_digest)
        and all(k.keyid in by_keyid and is_signed(envelope, by_keyid[k.keyid], k) for k in needed)
    )


INVARIANTS: list[Callable[[], list[str]]] = [
    states_follow_from_history,
    revocations_hold,
    suspense_follows_from_readings,
    epochs_follow_on_one_another,
]
