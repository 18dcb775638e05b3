"""Nodes and their links as a picture: where each stands is worked out here, the same every time.

Two layouts of the same: a ring for wide windows, and a column with arcs for narrow ones. Places are
whole numbers in the units of the picture.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from metering.fleet.sight import Sight, name_of
from metering.models import LinkHour, LinkPair, Node

MOST = 60
WIDTH, LEAST_HEIGHT, LINE, SIDE = 760, 300, 30, 210
ROW, GUTTER, NARROW = 44, 58, 262
LOOKED_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class Spot:
    """One node in the picture: `anchor` says on which side of it its name stands."""

    node: Node
    name: str
    x: int
    y: int
    anchor: str
    text_x: int


@dataclass(frozen=True)
class Line:
    """One link in the picture: `path` draws it."""

    link: "LinkOf"
    path: str


@dataclass(frozen=True)
class LinkOf:
    """A link with its ends by name, and how its last day went.

    `name` is its label for those inside, else its ends: a label is made of the nodes' labels.
    """

    pair: LinkPair
    name: str
    a: str
    b: str
    kind: str
    mismatches: int


@dataclass(frozen=True)
class Picture:
    """One layout."""

    width: int
    height: int
    spots: Sequence[Spot]
    lines: Sequence[Line]


@dataclass(frozen=True)
class LinkMap:
    """Both layouts, and the same in lists; `left_out` nodes stand in the list alone."""

    ring: Picture
    column: Picture
    links: Sequence[LinkOf]
    left_out: int


def link_map(sight: Sight) -> LinkMap:
    """The nodes that still count and their running links, in three queries."""
    links = links_of(sight)
    ends = {node.pk for link in links for node in link.pair.ends}
    rows = Node.objects.exclude(state__in=("retired", "revoked")).select_related("asset", "pool")
    nodes = sorted(rows, key=lambda n: (n.pk not in ends, n.pool_id or 0, n.label, n.pk))
    shown = nodes[:MOST]
    shown.sort(key=lambda n: (n.pool_id or 0, n.label, n.pk))
    names = [(node, name_of(node, sight)) for node in shown]
    return LinkMap(ring(names, links), column(names, links), links, len(nodes) - len(shown))


def links_of(sight: Sight, which: Q | None = None) -> list[LinkOf]:
    """The links that run now, or those of them asked for, and how their last day went."""
    ends = [f"{side}__node__asset" for side in ("a_tx", "b_tx")]
    lately = Q(hours__hour__gt=timezone.now() - LOOKED_BACK)
    wrong = lately & Q(hours__outcome__in=[LinkHour.Outcome.MISSING, LinkHour.Outcome.EXCESS])
    rows = LinkPair.objects.filter(until=None).select_related(*ends).order_by("label", "pk")
    rows = rows if which is None else rows.filter(which)
    rows = rows.annotate(compared=Count("hours", lately), wrong=Count("hours", wrong))
    return [described(row, sight) for row in rows]


def described(pair: LinkPair, sight: Sight) -> LinkOf:
    """One link in words."""
    a, b = (name_of(end, sight) for end in pair.ends)
    name = pair.label if sight.inside else f"{a} – {b}"
    compared, wrong = int(getattr(pair, "compared", 0)), int(getattr(pair, "wrong", 0))
    kind = "mismatch" if wrong else "agree" if compared else "unknown"
    return LinkOf(pair, name, a, b, kind, wrong)


def ring(names: Sequence[tuple[Node, str]], links: Sequence[LinkOf]) -> Picture:
    """The nodes on an ellipse, so high that names beside each other never touch."""
    height = max(LEAST_HEIGHT, LINE * (len(names) // 2 + 2))
    spots = [spot_on_ring(n, len(names), height, *named) for n, named in enumerate(names)]
    at = {spot.node.pk: spot for spot in spots}
    lines = [Line(link, chord(*pair, height)) for link, pair in drawn(links, at)]
    return Picture(WIDTH, height, spots, lines)


def spot_on_ring(n: int, of: int, height: int, node: Node, name: str) -> Spot:
    """Place `n` of so many: heights in even steps, down the right side and up the left."""
    right = (of + 1) // 2
    on_right, place = n < right, n if n < right else of - 1 - n
    here = right if on_right else of - right
    share = (2 * place + 1) / (2 * here) * 2 - 1
    reach = (WIDTH // 2 - SIDE) * math.sqrt(1 - share * share * 0.7)
    x = round(WIDTH / 2 + (reach if on_right else -reach))
    y = round(height / 2 + share * (height / 2 - LINE // 2))
    return Spot(node, name, x, y, "start" if on_right else "end", x + (18 if on_right else -18))


def chord(a: Spot, b: Spot, height: int) -> str:
    """A curve between two nodes, bent towards the middle."""
    x, y = (a.x + b.x + WIDTH) // 4, (a.y + b.y + height) // 4
    return f"M{a.x} {a.y}Q{x} {y} {b.x} {b.y}"


def column(names: Sequence[tuple[Node, str]], links: Sequence[LinkOf]) -> Picture:
    """The nodes below each other, links as arcs to their left."""
    spots = [
        Spot(node, name, GUTTER, ROW // 2 + n * ROW, "start", GUTTER + 18)
        for n, (node, name) in enumerate(names)
    ]
    at = {spot.node.pk: spot for spot in spots}
    lines = [Line(link, arc(*pair)) for link, pair in drawn(links, at)]
    return Picture(NARROW, max(1, len(names)) * ROW, spots, lines)


def arc(a: Spot, b: Spot) -> str:
    """A bow to the left, the wider the further the two are apart."""
    x = GUTTER - min(4 * GUTTER // 3 - 10, 30 + abs(a.y - b.y) // 3)
    return f"M{a.x} {a.y}C{x} {a.y} {x} {b.y} {b.x} {b.y}"


def drawn(links: Sequence[LinkOf], at: dict[int, Spot]) -> list[tuple[LinkOf, tuple[Spot, Spot]]]:
    """The links both of whose ends are in the picture."""
    found = []
    for link in links:
        a, b = (at.get(node.pk) for node in link.pair.ends)
        if a is not None and b is not None:
            found.append((link, (a, b)))
    return found
