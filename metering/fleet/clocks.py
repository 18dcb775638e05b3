"""How a node's clock stood against the site's, as its newest batch shows."""

from dataclasses import dataclass

from metering.models import Envelope
from metering.payloads import at
from signing import strict_json

FINE = 120


@dataclass(frozen=True)
class Clock:
    """`kind` is fine, ahead, unset, rtc or unknown; `seconds` of `sent` after the arrival.

    Below zero it says how long the batch waited to be delivered, which is no fault of the clock.
    """

    kind: str
    seconds: int


def clock_of(envelope: Envelope) -> Clock:
    """What a batch says of its node's clock; unknown where its payload has expired."""
    if not envelope.payload:
        return Clock("unknown", 0)
    said = strict_json.loads(bytes(envelope.payload))
    sent = at(said.get("sent"))
    if sent is None:
        return Clock("unset", 0)
    seconds = int((sent - envelope.received_at).total_seconds())
    if seconds > FINE:
        return Clock("ahead", seconds)
    return Clock("rtc" if said.get("clock") == "rtc" else "fine", seconds)
