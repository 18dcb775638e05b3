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
    points: Sequence[tuple[str, int, int]], width: int = 720, height: int = 220, ticks: int = 8
) -> ColumnChart:
    """Columns for (label, within, over) in millitokens, the over part standing on the other."""
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
        made.append(
            Column(label, x, floor - low, low, floor - low - high, high, thick, index % every == 0)
        )
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


def joined(points: Sequence[tuple[int, int]]) -> str:
    """Points as an SVG list."""
    return " ".join(f"{x},{y}" for x, y in points)
