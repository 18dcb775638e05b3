"""Signed questions of nodes: the key says who asks, and whoever is not the node learns nothing."""

from datetime import datetime, timedelta
from typing import Final

from metering.errors import SchemaError, StaleRequest
from metering.models import Node
from metering.payloads import at, loads
from metering.services.signed import key_behind, require_trusted, require_unrevoked
from signing import dsse

FRESH: Final = timedelta(hours=1)
NAMES: Final = {"v", "node", "sent"}


def asking(envelope: dsse.Envelope, kind: str, now: datetime) -> Node:
    """The node that asks; its question is of this type, names it and was signed within the hour.

    Raises a WireError.
    """
    if envelope.payload_type != kind:
        raise SchemaError(f"an envelope of type {kind} is wanted")
    key, _signature = key_behind(envelope)
    require_trusted(key)
    require_unrevoked(key)
    body = loads(envelope.payload)
    if not isinstance(body, dict) or set(body) != NAMES or body["v"] != 1:
        raise SchemaError('a request is {"v": 1, "node": "…", "sent": "…"}')
    if body["node"] != str(key.node.uuid) or not isinstance(body["sent"], str):
        raise SchemaError("the request is another node's")
    sent = at(body["sent"])
    if sent is None or abs(now - sent) > FRESH:
        raise StaleRequest
    return key.node
