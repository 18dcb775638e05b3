"""What nodes say of their meters: signed lists, each kept once."""

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from metering.errors import SchemaError, TooLarge
from metering.models import Meter, MeterInventory, Node
from metering.payloads import MeterLine, read_inventory
from metering.services.signed import (
    Result,
    Verified,
    lock_chain,
    require_few_meters,
    require_own,
    verify,
)
from signing import dsse

MOST_INVENTORIES = 1_000


def accept_inventory(envelope: dsse.Envelope) -> Result:
    """Store an inventory and what it says of its meters; the same one again adds nothing.

    Raises a WireError.
    """
    verified = verify(envelope)
    inventory = read_inventory(verified.envelope.payload)
    require_own(verified.key, inventory)
    with transaction.atomic(durable=True):
        lock_chain(verified.key.node_id)
        require_few_inventories(verified)
        row, is_new = inventory_row(verified)
        if is_new:
            describe_meters(verified.key.node, inventory.meters)
    status = "accepted" if is_new else "duplicate"
    return Result(str(verified.key.node.uuid), inventory.epoch, None, row.digest, status)


def require_few_inventories(verified: Verified) -> None:
    """Refuse one more list than any node's meters change in years."""
    kept = MeterInventory.objects.filter(node=verified.key.node)
    is_known = kept.filter(digest=payload_digest(verified.envelope.payload)).exists()
    if not is_known and kept.count() >= MOST_INVENTORIES:
        raise TooLarge


def inventory_row(verified: Verified) -> tuple[MeterInventory, bool]:
    """The inventory's row, and whether it is new."""
    return MeterInventory.objects.get_or_create(
        node=verified.key.node,
        digest=payload_digest(verified.envelope.payload),
        defaults={
            "payload": verified.envelope.payload,
            "signature": verified.signature.sig,
            "keyid": verified.signature.keyid,
            "received_at": timezone.now(),
        },
    )


def payload_digest(payload: bytes) -> str:
    """What batches call an inventory by."""
    return hashlib.sha256(payload).hexdigest()


def describe_meters(node: Node, lines: Sequence[MeterLine]) -> None:
    """Write down what an inventory says; raises SchemaError where a meter became another."""
    known = {meter.name: meter for meter in Meter.objects.filter(node=node)}
    require_few_meters(node, {line.m for line in lines})
    for line in lines:
        meter = known.get(line.m)
        if meter and (meter.kind != line.k or meter.unit not in ("", line.u)):
            raise SchemaError("a meter never changes its kind or unit")
    Meter.objects.bulk_create(
        [described(node, line) for line in lines],
        update_conflicts=True,
        unique_fields=["node", "name"],
        update_fields=["unit", "driver", "ceiling"],
    )


def described(node: Node, line: MeterLine) -> Meter:
    """The meter's row as its line says."""
    ceiling = None if line.cap is None else int(line.cap)
    return Meter(
        node=node, name=line.m, kind=line.k, unit=line.u, driver=line.driver, ceiling=ceiling
    )
