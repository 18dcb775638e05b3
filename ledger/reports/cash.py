"""Cash movement: where the money of each purse came from and what it went to."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from ledger.asof import Moment, Window
from ledger.chart import CASH, place_of
from ledger.labels import transaction_kind
from ledger.letterhead import letterhead
from ledger.reports.asked import Asked
from ledger.reports.gather import Moved, Scope, held, money, moved
from ledger.reports.shape import Cell, Check, Column, Line, Report, Rows, Table

Purse = tuple[str, str]
"""(kind, pool)"""
Flows = dict[tuple[Purse, str, bool], int]
"""(purse, kind of transaction, whether it came in) → amount"""
Sums = dict[Purse, int]


def cash_movement(asked: Asked) -> Report:
    """Opening, what came and went by kind of transaction, and closing of each purse.

    Money that moves from one purse to another is in both. Raises BeforeTheCut.
    """
    windows = [asked.window(span) for span in asked.spans]
    scope = Scope(commodities=[money().pk], kinds=CASH, pool=asked.pool)
    opening = [_held(scope, window.opening) for window in windows]
    flows = [_flows(moved(scope, window)) for window in windows]
    closing = [_held(scope, window.closing) for window in windows]
    columns = [Column(f"in_{span.start.isoformat()}", span.label, money()) for span in asked.spans]
    names = letterhead().pools
    tables = [
        Table(_caption(purse, names), columns, _lines(purse, windows, opening, flows, closing))
        for purse in _purses(opening, flows, closing)
    ]
    check = Check(
        _("Every purse closes with what it held, plus what came, less what went."),
        all(_adds_up(*one) for one in zip(opening, flows, closing, strict=True)),
    )
    return Report("cash", _("Cash movement"), tables, [check])


def _held(scope: Scope, at: Moment | None) -> Sums:
    sums: Sums = {}
    for one in held(scope, at) if at else []:
        sums[one.kind, one.pool] = sums.get((one.kind, one.pool), 0) + one.amount
    return sums


def _flows(found: Sequence[Moved]) -> Flows:
    return {((one.kind, one.pool), one.txn, one.amount > 0): one.amount for one in found}


def _purses(
    opening: Sequence[Sums], flows: Sequence[Flows], closing: Sequence[Sums]
) -> list[Purse]:
    found = {purse for sums in (*opening, *closing) for purse in sums}
    found |= {purse for one in flows for purse, _txn, _came in one}
    return sorted(found, key=lambda purse: (purse[1], place_of(purse[0]).number))


def _caption(purse: Purse, names: Mapping[str, str]) -> str:
    kind, pool = purse
    values = {"purse": place_of(kind).label, "pool": names.get(pool, pool)}
    return _("%(purse)s, %(pool)s") % values if pool else str(values["purse"])


def _lines(
    purse: Purse,
    windows: Sequence[Window],
    opening: Sequence[Sums],
    flows: Sequence[Flows],
    closing: Sequence[Sums],
) -> list[Line]:
    kinds = sorted({(not came, txn) for one in flows for p, txn, came in one if p == purse})
    moves = [_move(purse, txn, not went, windows, flows) for went, txn in kinds]
    before = [Window(None, window.start, window.known) for window in windows]
    until = [Window(None, window.end, window.known) for window in windows]
    return [
        _stock(_("Held at the beginning"), purse, before, opening, "sum"),
        *moves,
        _stock(_("Held at the end"), purse, until, closing, "total"),
    ]


def _stock(
    label: str, purse: Purse, windows: Sequence[Window], sums: Sequence[Sums], weight: str
) -> Line:
    kind, pool = purse
    cells = [
        Cell(one.get(purse, 0), Rows((kind,), window, pool, money().code))
        for window, one in zip(windows, sums, strict=True)
    ]
    return Line(label, cells, weight=weight)


def _move(
    purse: Purse, txn: str, came: bool, windows: Sequence[Window], flows: Sequence[Flows]
) -> Line:
    kind, pool = purse
    way = "in" if came else "out"
    cells = [
        Cell(
            one.get((purse, txn, came), 0),
            Rows((kind,), window, pool, money().code, way=way, txn=txn),
        )
        for window, one in zip(windows, flows, strict=True)
    ]
    return Line(transaction_kind(txn), cells)


def _adds_up(opening: Sums, flows: Flows, closing: Sums) -> bool:
    left = dict(opening)
    for (purse, _txn, _came), amount in flows.items():
        left[purse] = left.get(purse, 0) + amount
    return all(left.get(p, 0) == closing.get(p, 0) for p in {*left, *closing})
