"""Taking in what nodes signed: each envelope for itself, by its type.

Nothing but committed rows drives what follows: rating and notices read them in their own time.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from metering.errors import SchemaError, WireError
from metering.services.batches import accept_batch
from metering.services.challenges import ANSWER as AUDIT_ANSWER
from metering.services.challenges import accept_audit_answer
from metering.services.countersign import ENVELOPE as COUNTERSIGN
from metering.services.countersign import accept_countersign
from metering.services.inventories import accept_inventory
from metering.services.refusals import note_refusal
from metering.services.rotate import ROTATE, accept_rotation
from metering.services.runs import accept_runs
from metering.services.signed import Result, require_size
from signing import dsse

BATCH = dsse.payload_type("usage-batch")
INVENTORY = dsse.payload_type("meter-inventory")

# What else comes here, by payloadType. A handler verifies, stores in one transaction of its own,
# and may be called again with the same envelope; what it refuses it raises as a WireError.
HANDLERS: dict[str, Callable[[dsse.Envelope], Result]] = {
    INVENTORY: accept_inventory,
    ROTATE: accept_rotation,
    COUNTERSIGN: accept_countersign,
    AUDIT_ANSWER: accept_audit_answer,
}


def accept_envelopes(*, envelopes: Sequence[dsse.Envelope], via: str = "") -> list[Result]:
    """Take in envelopes, none touched by another's failure; one result for each, in order.

    `via` says who brought them, where that is known. Repeating a call stores nothing more and
    gives the same receipts.
    """
    found: dict[int, Result] = {}
    numbered = groupby(enumerate(envelopes), key=lambda pair: pair[1].payload_type == BATCH)
    for are_batches, pairs in numbered:
        together = list(pairs)
        found |= accept_runs(together, via) if are_batches else {}
        for number, envelope in together:
            if number not in found:
                found[number] = accept_envelope(envelope=envelope, via=via)
    return [found[number] for number in range(len(envelopes))]


def accept_envelope(*, envelope: dsse.Envelope, via: str = "") -> Result:
    """Take in one envelope; whatever is wrong with it becomes a result."""
    try:
        require_size(envelope)
        if envelope.payload_type == BATCH:
            return accept_batch(envelope, via)
        return handler_of(envelope)(envelope)
    except WireError as error:
        note_refusal(envelope=envelope, error=error)
        return Result(code=error.code, http_status=error.status)


def handler_of(envelope: dsse.Envelope) -> Callable[[dsse.Envelope], Result]:
    """Who takes envelopes of this type; raises SchemaError where nobody does."""
    handler = HANDLERS.get(envelope.payload_type)
    if handler is None:
        raise SchemaError("envelopes of this type are not taken here")
    return handler
