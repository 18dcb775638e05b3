"""What two ends of a link say of one hour, judged: pure integer arithmetic (docs/links.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from metering.models import LinkHour

Outcome = LinkHour.Outcome
HOUR = timedelta(hours=1)
FULL = 3600
LONGEST_RUN = 6
"""so many hours in a row may make good for each other; what lasts longer is no matter of borders"""
PATIENCE = 2 * HOUR
"""how long a difference waits for the hour after it"""


@dataclass(frozen=True)
class Limits:
    """What was agreed: parts as (numerator, denominator), bytes, seconds."""

    tolerance: tuple[int, int]
    tolerance_bytes: int
    loss: tuple[int, int]
    gap_seconds: int

    def allowed(self, sent: int) -> int:
        """By how much the ends may differ where so much was sent."""
        num, den = self.tolerance
        return max(sent * num // den, self.tolerance_bytes)


@dataclass(frozen=True)
class Side:
    """One end's meter in one hour: bytes, packets where they are counted, seconds it measured."""

    quantity: int
    seconds: int
    is_open: bool = False
    """whether some of it waits to be booked"""


@dataclass(frozen=True)
class Compared:
    """One way of a link in one hour."""

    hour: datetime
    sent: Side
    received: Side
    packets: int | None
    sent_net: int
    received_net: int
    tolerance: int
    outcome: str

    @property
    def difference(self) -> int:
        """What was sent and did not arrive."""
        return self.sent_net - self.received_net

    @property
    def is_whole(self) -> bool:
        """Whether both ends measured the hour."""
        return self.outcome != Outcome.GAP

    @property
    def differs(self) -> bool:
        """Whether the ends differ by more than they may."""
        return self.is_whole and abs(self.difference) > self.tolerance


def compared(
    hour: datetime,
    sides: tuple[Side, Side],
    packets: int | None,
    overheads: tuple[int, int],
    limits: Limits,
) -> Compared:
    """The hour by itself: without overhead, with its tolerance, its outcome still by itself."""
    sent, received = sides
    nets = [
        side.quantity - overhead * (packets or 0)
        for side, overhead in zip(sides, overheads, strict=True)
    ]
    tolerance = limits.allowed(max(0, nets[0]))
    found = Compared(hour, sent, received, packets, nets[0], nets[1], tolerance, Outcome.AGREE)
    least = FULL - limits.gap_seconds
    if min(sent.seconds, received.seconds) < least or min(nets) < 0:
        return replace(found, outcome=Outcome.GAP)
    return replace(found, outcome=alone(found, limits))


def alone(row: Compared, limits: Limits) -> str:
    """What the hour by itself says."""
    if not row.differs:
        return Outcome.AGREE
    if row.difference < 0:
        return Outcome.EXCESS
    num, den = limits.loss
    much = row.difference * den > row.received_net * num
    return Outcome.MISSING if much else Outcome.LOSS


def judged(
    rows: Sequence[Compared], limits: Callable[[datetime], Limits], now: datetime
) -> list[Compared]:
    """The hours of one way, in order, each with its neighbours.

    Hours in a row that differ, and together do not, have only split their traffic otherwise at
    the full hours: they are `shifted`. A difference whose next hour is not there yet waits.
    """
    runs = [settled(run, limits) for run in runs_of(rows)]
    followed = {row.hour - HOUR for row in rows if row.is_whole}
    return [
        replace(row, outcome=Outcome.WAITS)
        if row.differs and row.outcome != Outcome.SHIFTED and waits(row, followed, now)
        else row
        for run in runs
        for row in run
    ]


def waits(row: Compared, followed: set[datetime], now: datetime) -> bool:
    """Whether the hour after may still explain a difference."""
    return row.hour not in followed and now < row.hour + HOUR + PATIENCE


def runs_of(rows: Sequence[Compared]) -> list[list[Compared]]:
    """Hours cut into runs: those that differ in a row together, every other by itself."""
    runs: list[list[Compared]] = []
    for row in rows:
        before = runs[-1][-1] if runs else None
        joins = before is not None and before.differs and row.differs
        if joins and before is not None and row.hour == before.hour + HOUR:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def settled(run: list[Compared], limits: Callable[[datetime], Limits]) -> list[Compared]:
    """The run as `shifted` where its hours make good for each other."""
    if not 1 < len(run) <= LONGEST_RUN:
        return run
    sent, received = sum(r.sent_net for r in run), sum(r.received_net for r in run)
    if abs(sent - received) > limits(run[0].hour).allowed(sent):
        return run
    return [replace(row, outcome=Outcome.SHIFTED) for row in run]


def excess_of(row: Compared | LinkHour) -> tuple[int, int]:
    """What each end counted above the lesser number, sender first; zero where nothing is judged."""
    if row.outcome in (Outcome.GAP, Outcome.WAITS, Outcome.SHIFTED):
        return 0, 0
    return max(0, row.difference), max(0, -row.difference)


def taken_back(excess: int, part: int, whole: int, num: int, den: int) -> int:
    """Millitokens to take back of an assignment that has `part` of the `whole` that a meter says.

    Rounded down twice: never more than what was counted twice too much.
    """
    return (excess * part // whole) * num // den if whole else 0
