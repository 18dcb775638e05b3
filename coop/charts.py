"""Geometry of the pictures, in whole drawing units: the templates only place what is here."""

from collections.abc import Sequence
from dataclasses import dataclass

from coop.amounts import rounded_ratio


@dataclass(frozen=True)
class Column:
    """One column: its left edge, and top and height of the part within and the part over."""

    label: str
    x: int
    within_y: int
    within_height: int
    over_y: int
    over_height: int
    width: int
    tick: bool
    url: str = ""


@dataclass(frozen=True)
class ColumnChart:
    """Columns on a canvas; `top` is the value at the upper line, in millitokens."""

    columns: tuple[Column, ...]
    width: int
    height: int
    floor: int
    top: int
    half: int
    left: int = 48


def nice_top(value: int) -> int:
    """The next 1, 2, 4, 5 or 8 times a power of ten at or above `value`; at least 1 token."""
    power = 1000
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value or step == 10)


def columns(
    points: Sequence[tuple[str, int, int]],
    width: int = 720,
    height: int = 220,
    ticks: int = 8,
    links: Sequence[str] = (),
) -> ColumnChart:
    """Columns for (label, within, over) in millitokens, the over part standing on the other.

    `links` are the addresses that the columns lead to, "" where one leads nowhere.
    """
    left, head, foot = 48, 16, 28
    floor = height - foot
    room = floor - head
    top = nice_top(max((within + over for _, within, over in points), default=0))
    slot = max((width - left) // max(len(points), 1), 3)
    gap = min(max(slot // 4, 1), 12)
    thick = min(slot - gap, 48)
    every = max(1, -(-len(points) // ticks))
    made = []
    for index, (label, within, over) in enumerate(points):
        low = rounded_ratio(within, top, room)
        high = rounded_ratio(over, top, room)
        x = left + index * slot + (slot - thick) // 2
        tick = index % every == 0
        url = links[index] if links else ""
        made.append(Column(label, x, floor - low, low, floor - low - high, high, thick, tick, url))
    return ColumnChart(tuple(made), width, height, floor, top, (floor + head) // 2, left)


@dataclass(frozen=True)
class PathPoint:
    """A share of the whole (owned of used) at one place on the time line."""

    label: str
    owned: int
    used: int


@dataclass(frozen=True)
class PathChart:
    """A line of what was, and a dotted line of what comes, from 0 to 100 per cent."""

    width: int
    height: int
    left: int
    right: int
    top: int
    half: int
    floor: int
    line: str
    area: str
    ahead: str
    now: tuple[int, int]
    goal: tuple[int, int] | None
    now_label: tuple[int, int]
    goal_label: tuple[int, int]


def ownership(
    past: Sequence[PathPoint], coming: Sequence[PathPoint], ends: bool, width: int, height: int
) -> PathChart:
    """The picture of an ownership path; `past` has at least one point, the last one is now.

    `ends` says that the last coming point is the goal, which gets a ring.
    """
    left, right, top, floor = 52, width - 20, 26, height - 30
    steps = max(len(past) + len(coming) - 1, 1)
    placed = [
        (
            left + (right - left) * index // steps,
            floor - rounded_ratio(point.owned, point.used, floor - top),
        )
        for index, point in enumerate([*past, *coming])
    ]
    was, comes = placed[: len(past)], placed[len(past) - 1 :]
    now, end = was[-1], placed[-1]
    return PathChart(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        half=(top + floor) // 2,
        floor=floor,
        line=joined(was),
        area=joined([(was[0][0], floor), *was, (now[0], floor)]),
        ahead=joined(comes) if coming else "",
        now=now,
        goal=end if ends else None,
        now_label=(min(now[0] + 12, right - 90), min(now[1] + 20, floor - 6)),
        goal_label=(end[0] - 14, max(end[1] - 10, 12)),
    )


@dataclass(frozen=True)
class Line:
    """One series: its stretches without gaps as SVG point lists, its single points, its end."""

    stretches: tuple[str, ...]
    dots: tuple[tuple[int, int], ...]
    end: tuple[int, int] | None


@dataclass(frozen=True)
class LineChart:
    """Lines on one canvas from nought to `top`; `ticks` are (x, label) along the floor."""

    lines: tuple[Line, ...]
    ticks: tuple[tuple[int, str], ...]
    width: int
    height: int
    left: int
    right: int
    head: int
    half: int
    floor: int
    top: int


def round_top(value: int) -> int:
    """The next 1, 2, 4, 5 or 8 times a power of ten at or above `value`; at least 1."""
    power = 1
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value)


def line_chart(
    labels: Sequence[str],
    series: Sequence[Sequence[int | None]],
    *,
    top: int = 0,
    width: int = 720,
    height: int = 220,
    left: int = 76,
    ticks: int = 6,
) -> LineChart:
    """Series over the same labels, none below zero; None leaves a gap. `top` 0: as needed."""
    right, head, floor = width - 26, 16, height - 30
    highest = top or round_top(max((n for row in series for n in row if n is not None), default=1))
    last = max(len(labels) - 1, 1)
    places = [left + (right - left) * index // last for index in range(len(labels))]
    every = max(1, -(-len(labels) // ticks))
    return LineChart(
        lines=tuple(_line(row, places, highest, floor, head) for row in series),
        ticks=tuple((places[n], labels[n]) for n in range(0, len(labels), every)),
        width=width,
        height=height,
        left=left,
        right=right,
        head=head,
        half=(floor + head) // 2,
        floor=floor,
        top=highest,
    )


def _line(
    row: Sequence[int | None], places: Sequence[int], top: int, floor: int, head: int
) -> Line:
    runs: list[list[tuple[int, int]]] = [[]]
    for x, value in zip(places, row, strict=False):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x, floor - rounded_ratio(value, top, floor - head)))
    kept = [run for run in runs if run]
    return Line(
        stretches=tuple(joined(run) for run in kept if len(run) > 1),
        dots=tuple(run[0] for run in kept if len(run) == 1),
        end=kept[-1][-1] if kept else None,
    )


@dataclass(frozen=True)
class PriceMark:
    """What an auction came to within one period: where its ring stands."""

    x: int
    y: int


@dataclass(frozen=True)
class PriceChart:
    """Steps of a price and of a cost, period by period; `top` in micro-cents at the upper line."""

    width: int
    height: int
    left: int
    top: int
    half: int
    floor: int
    price: str
    cost: str
    marks: tuple[PriceMark, ...]
    labels: tuple[tuple[int, str], ...]


def prices(
    points: Sequence[tuple[str, int, int, int | None]], width: int, height: int, ticks: int
) -> PriceChart:
    """The picture of (label, price, cost, price at auction or None), oldest first."""
    left, head, foot = 64, 16, 28
    floor = height - foot
    top = nice_top(max((max(p, c, a or 0) for _, p, c, a in points), default=0))
    slot = (width - left) // max(len(points), 1)
    every = max(1, -(-len(points) // ticks))

    def level(rate: int) -> int:
        return floor - rounded_ratio(rate, top, floor - head)

    def steps(rates: Sequence[int]) -> str:
        edges = [
            (left + (i + side) * slot, level(r)) for i, r in enumerate(rates) for side in (0, 1)
        ]
        return joined(edges)

    marks = [(left + i * slot + slot // 2, a) for i, (_, _, _, a) in enumerate(points) if a]
    labels = [(left + i * slot, name) for i, (name, *_) in enumerate(points) if i % every == 0]
    return PriceChart(
        width=width,
        height=height,
        left=left,
        top=top,
        half=(floor + head) // 2,
        floor=floor,
        price=steps([price for _, price, _, _ in points]),
        cost=steps([cost for _, _, cost, _ in points]),
        marks=tuple(PriceMark(x, level(rate)) for x, rate in marks),
        labels=tuple(labels),
    )


def joined(points: Sequence[tuple[int, int]]) -> str:
    """Points as an SVG list."""
    return " ".join(f"{x},{y}" for x, y in points)
