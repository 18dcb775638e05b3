"""Two nodes at the ends of a link, and hours of traffic between them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from metering import services
from metering.models import LinkPair, Meter, Node, NodeKey
from signing.dsse import Envelope
from tests.metering.machine import TX, Machine
from tests.metering.world import Valley

RX = "if:va:rx"
MB = 10**6
ENDS = [
    {"m": name, "k": "counter", "u": "By", "driver": "netdev", "bits": 64, "cap": "125000000"}
    for name in (TX, RX)
]
HOUR = timedelta(hours=1)


@dataclass
class Linked:
    """A and B, and the full hour at which their traffic begins."""

    valley: Valley
    a: Machine
    b: Machine
    pair: LinkPair
    start: datetime

    def hours(
        self,
        *amounts: tuple[int, int, int, int],
        step: int = 300,
        late: tuple[str, ...] = (),
    ) -> dict[str, list[Envelope]]:
        """Deliver hours in which (A sent, B received, B sent, A received) bytes; rate them.

        What an end named in `late` measured is signed and handed back instead, by its name.
        """
        kept: dict[str, list[Envelope]] = {"a": [], "b": []}
        for a_tx, b_rx, b_tx, a_rx in amounts:
            for name, machine, pair in (("a", self.a, (a_tx, a_rx)), ("b", self.b, (b_tx, b_rx))):
                made = hour_of(machine, pair, step)
                if name in late:
                    kept[name].append(made)
                else:
                    deliver([made])
        return kept

    def compare(self) -> None:
        """The sweep, long after."""
        services.compare_links(now=timezone.now() + 30 * HOUR)


def hour_of(machine: Machine, amounts: tuple[int, int], step: int = 300) -> Envelope:
    """One batch with an hour of both counters, in records of `step` seconds."""
    start, records, count = machine.clock, [], 3600 // step
    for name, amount in zip((TX, RX), amounts, strict=True):
        machine.clock = start
        for n in range(count):
            part = amount * (n + 1) // count - amount * n // count
            records.append(machine.counted(part, name, step))
    return machine.batch(*records)


def deliver(batches: list[Envelope]) -> None:
    """The site takes them and rates."""
    results = services.accept_envelopes(envelopes=batches)
    assert {r.status for r in results} <= {"accepted", "duplicate"}, results
    services.rate_waiting()


def end_of_a_link(start: datetime) -> Machine:
    """A node whose counters begin at the full hour."""
    before = start - timedelta(seconds=1)
    machine = Machine(meters=[dict(line) for line in ENDS], clock=before).enrolled().described()
    NodeKey.objects.filter(node=machine.row).update(created_at=start - HOUR)
    deliver([machine.batch(machine.counted(0, TX, 0), machine.counted(0, RX, 0))])
    machine.clock = start
    return machine


def meter_of(machine: Machine, name: str) -> Meter:
    return Meter.objects.get(node=machine.row, name=name)


def make_linked(valley: Valley, back: int = 30) -> Linked:
    """Ana sends from A: its tx is her use of bandwidth. B measures nobody's use."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - back * HOUR
    a, b = end_of_a_link(start), end_of_a_link(start)
    Node.objects.filter(pk=b.row.pk).update(label="ridge", owner=valley.ben)
    pair = services.declare_link(
        actor=valley.steward, label="Mast – ridge", since=start,
        a_tx=meter_of(a, TX), a_rx=meter_of(a, RX), b_tx=meter_of(b, TX), b_rx=meter_of(b, RX),
    )  # fmt: skip
    services.assign_meter(
        actor=valley.steward, meter=meter_of(a, TX), member=valley.ana, pool=valley.pool,
        resource=valley.resource("bandwidth"), since=start,
    )  # fmt: skip
    return Linked(valley, a, b, pair, start)
