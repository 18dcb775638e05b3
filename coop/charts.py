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
    left: int = 56


def nice_top(value: int) -> int:
    """The next 1, 2, 4, 5 or 8 times a power of ten at or above `value`; at least 1 token."""
    power = 1000
    while power * 10 <= value:
        power *= 10
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value or step == 10)


def columns(
    points: Sequence[tuple[str, int, int]], width: int = 720, height: int = 220
) -> ColumnChart:
    """Columns for (label, within, over) in millitokens, the over part standing on the other."""
    left, head, foot = 56, 16, 28
    floor = height - foot
    room = floor - head
    top = nice_top(max((within + over for _, within, over in points), default=0))
    slot = max((width - left) // max(len(points), 1), 3)
    gap = min(max(slot // 4, 1), 12)
    thick = min(slot - gap, 48)
    every = max(1, -(-len(points) // 8))
    made = []
    for index, (label, within, over) in enumerate(points):
        low = rounded_ratio(within, top, room)
        high = rounded_ratio(over, top, room)
        x = left + index * slot + (slot - thick) // 2
        made.append(
            Column(
                label, x, floor - low, low, floor - low - high, high, thick, index % every == 0
            )
        )
    return ColumnChart(tuple(made), width, height, floor, top, (floor + head) // 2, left)
