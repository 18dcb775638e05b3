"""The balance sheet: what is owned and owed, and what belongs to the members."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledger.asof import Window
from ledger.chart import DEDUCTED, RESULT, Category, Place, place_of
from ledger.reports.asked import Asked
from ledger.reports.gather import Held, Scope, held, money
from ledger.reports.shape import Cell, Check, Column, Line, Report, Rows, Table

Key = tuple[Place, str]
ASSETS = (Category.ASSET,)
LIABILITIES = (Category.LIABILITY,)
EQUITY = (Category.EQUITY, Category.INCOME, Category.EXPENSE)
"""what is the members' own, the result of periods that are not closed in it"""


@dataclass(frozen=True)
class State:
    """One column: the sums at the end of some days by line, and the days."""

    window: Window
    lines: dict[Key, int]
    held: Sequence[Held]

    def of(self, *categories: Category) -> int:
        """The sum of classes, debits positive."""
        return sum(n for (place, _pool), n in self.lines.items() if place.category in categories)


def balance_sheet(asked: Asked) -> Report:
    """What is owned, owed and left at the end of the days that are asked for.

    Of one pool it has one line more: what stands between the pool and the cooperative as a whole,
    whose members owe for all pools together. That line is the rest, so that both sides of a pool's
    sheet are equal whatever is booked: it carries no check. Raises BeforeTheCut.
    """
    states = [_state(asked, asked.window(span)) for span in asked.spans]
    columns = [
        Column(f"at_{span.last.isoformat()}", _at(span.label), money()) for span in asked.spans
    ]
    sides = [
        Table(Category.ASSET.label, columns, _assets(states, asked)),
        Table(_("Liabilities and equity"), columns, _financing(states, asked)),
    ]
    strange = _lines(states, asked, Category.UNCLASSIFIED)
    if strange:
        sides.append(Table(Category.UNCLASSIFIED.label, columns, strange))
    checks = [] if asked.pool else [_balances(states)]
    return Report("balance-sheet", _("Balance sheet"), sides, checks)


def _state(asked: Asked, window: Window) -> State:
    found = held(Scope(commodities=[money().pk], pool=asked.pool), window.closing)
    lines: dict[Key, int] = {}
    for one in found:
        key = place_of(one.kind).on_sheet(debit=one.debit), one.pool
        lines[key] = lines.get(key, 0) + one.amount
    return State(window, lines, found)


def _assets(states: Sequence[State], asked: Asked) -> list[Line]:
    lines = _lines(states, asked, Category.ASSET)
    due = [max(0, between(state, asked)) for state in states]
    if any(due):
        lines.append(_between(1900, _("Due from the cooperative as a whole"), due))
    sums = [_owned(state, asked) for state in states]
    return [*lines, _sum(_("Assets together"), sums, states, asked, ASSETS, "total")]


def _financing(states: Sequence[State], asked: Asked) -> list[Line]:
    due = [max(0, -between(state, asked)) for state in states]
    owed = _lines(states, asked, Category.LIABILITY)
    if any(due):
        owed.append(_between(2900, _("Due to the cooperative as a whole"), due))
    debts = [_owed(state, asked) for state in states]
    equity = [_equity(state) for state in states]
    both = [debt + own for debt, own in zip(debts, equity, strict=True)]
    return [
        *owed,
        _sum(_("Liabilities together"), debts, states, asked, LIABILITIES),
        *_lines(states, asked, Category.EQUITY),
        *_unclosed(states, asked),
        _sum(_("Equity together"), equity, states, asked, EQUITY),
        _sum(_("Liabilities and equity together"), both, states, asked,
             (*LIABILITIES, *EQUITY), "total"),
    ]  # fmt: skip


def between(state: State, asked: Asked) -> int:
    """What the cooperative as a whole owes a pool (positive), or the pool it; 0 of all pools."""
    return -sum(state.lines.values()) if asked.pool else 0


def _owned(state: State, asked: Asked) -> int:
    return state.of(Category.ASSET) + max(0, between(state, asked))


def _owed(state: State, asked: Asked) -> int:
    return max(0, -between(state, asked)) - state.of(Category.LIABILITY)


def _equity(state: State) -> int:
    return -state.of(*EQUITY)


def _lines(states: Sequence[State], asked: Asked, category: Category) -> list[Line]:
    keys = {key for state in states for key in state.lines if key[0].category is category}
    return [_line(key, states) for key in sorted(keys, key=lambda k: (k[0].number, k[1]))]


def _line(key: Key, states: Sequence[State]) -> Line:
    place, pool = key
    less = place.kind in DEDUCTED
    sign = -place.category.sign if less else place.category.sign
    return Line(
        label=str(place.label),
        number=place.number,
        pool=pool,
        weight="less" if less else "line",
        cells=[Cell(sign * state.lines.get(key, 0), _rows(key, state)) for state in states],
    )


def _rows(key: Key, state: State) -> Rows:
    place, pool = key
    return Rows(
        kinds=(place.kind,),
        window=Window(None, state.window.end, state.window.known),
        pool=pool,
        commodity=money().code,
        side=_side(place),
    )


def _side(place: Place) -> str:
    """Which accounts a line takes: all of them unless the chart parts them by their side."""
    if place_of(place.kind).contrary is None:
        return ""
    return "debit" if place.category.sign > 0 else "credit"


def _unclosed(states: Sequence[State], asked: Asked) -> list[Line]:
    amounts = [-state.of(Category.INCOME, Category.EXPENSE) for state in states]
    if not any(amounts):
        return []

    def cell(state: State, amount: int) -> Cell:
        window = Window(None, state.window.end, state.window.known)
        return Cell(amount, Rows(RESULT, window, asked.pool, money().code))

    cells = [cell(state, amount) for state, amount in zip(states, amounts, strict=True)]
    return [Line(_("Result of periods that are not closed yet"), cells, 3990)]


def _between(number: int, label: str, amounts: Sequence[int]) -> Line:
    return Line(label, [Cell(amount) for amount in amounts], number)


def _sum(
    label: str, amounts: Sequence[int], states: Sequence[State], asked: Asked,
    categories: Sequence[Category], weight: str = "sum",
) -> Line:  # fmt: skip
    cells = [
        Cell(amount, _rows_of(state, asked, categories, amount))
        for state, amount in zip(states, amounts, strict=True)
    ]
    return Line(label, cells, weight=weight)


def _rows_of(
    state: State, asked: Asked, categories: Sequence[Category], amount: int
) -> Rows | None:
    """The entries of classes; None where the sum has a line that is no list of entries."""
    places = sorted(
        {place for place, _pool in state.lines if place.category in categories},
        key=lambda place: place.number,
    )
    if not places or abs(state.of(*categories)) != abs(amount):
        return None
    kinds = tuple(dict.fromkeys(place.kind for place in places))
    window = Window(None, state.window.end, state.window.known)
    side = "debit" if Category.ASSET in categories else "credit"
    return Rows(kinds, window, asked.pool, money().code, side=side)


def _balances(states: Sequence[State]) -> Check:
    holds = not any(state.of(*ASSETS, *LIABILITIES, *EQUITY) for state in states)
    return Check(_("Assets equal liabilities and equity, the result included."), holds)


def _at(label: str) -> str:
    return _("End of %(span)s") % {"span": label}
