"""What is known of every meter while the disk takes nothing: in memory, and never much.

Of each incarnation the first and the last reading since a fall of its value, which is all that a
record needs. When the disk is back they go into the store in the order of time, as if they had
been sampled then; what the node did in between is a gap.
"""

from coop_agent.clock import Moment
from coop_agent.drivers import Reading
from coop_agent.sampling import Sweep

MOST_OF_A_METER = 8
Held = tuple[Moment, Sweep, Reading]


class Spare:
    """The readings that could not be stored."""

    def __init__(self) -> None:
        self._meters: dict[str, list[Held]] = {}

    def __bool__(self) -> bool:
        return bool(self._meters)

    def keep(self, sweeps: list[Sweep]) -> None:
        """Remember a round; between the first and the last of an incarnation nothing is kept.

        A meter that falls or is made anew more often than `MOST_OF_A_METER` times loses the
        oldest of these: never more memory, at most less usage.
        """
        for sweep in sweeps:
            for reading in sweep.readings:
                held = self._meters.setdefault(reading.meter, [])
                if len(held) > 1 and _continues(held[-2][2], held[-1][2], reading):
                    held.pop()
                held.append((sweep.moment, sweep, reading))
                del held[:-MOST_OF_A_METER]

    def rounds(self) -> list[list[Sweep]]:
        """All of it in the order of time: a round for each moment of a driver."""
        found: dict[tuple[int, str], Sweep] = {}
        for held in self._meters.values():
            for moment, sweep, reading in held:
                place = (moment.mono, sweep.driver)
                here = found.setdefault(place, sweep._replace(readings=[]))
                here.readings.append(reading)
        return [[found[place]] for place in sorted(found)]

    def forget(self, sweeps: list[Sweep]) -> None:
        """Let go of a round that is stored."""
        stored = {(sweep.moment, reading.meter) for sweep in sweeps for reading in sweep.readings}
        for meter in list(self._meters):
            left = [h for h in self._meters[meter] if (h[0], meter) not in stored]
            self._meters[meter] = left
            if not left:
                del self._meters[meter]


def _continues(*readings: Reading) -> bool:
    """Whether these are of one incarnation and none is below the one before it."""
    same = len({(reading.kind, reading.inc) for reading in readings}) == 1
    values = [reading.value for reading in readings]
    return same and (readings[0].kind == "gauge" or values == sorted(values))
