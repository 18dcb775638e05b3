"""The trial balance: every kind of account with its debit or credit balance, which sum alike."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from ledger.asof import Window
from ledger.chart import place_of
from ledger.models import Commodity
from ledger.reports.asked import Asked
from ledger.reports.gather import Scope, held, money
from ledger.reports.shape import Cell, Check, Column, Line, Report, Rows, Table
from ledger.reports.spans import Span

Sums = dict[tuple[str, str], int]
"""(kind, pool) → amount, debits positive"""


def trial_balance(asked: Asked) -> Report:
    """The balances of one commodity at the end of the days, by kind of account and pool.

    Of all pools together debits equal credits; of one pool the money does only as far as its
    accounts stand against each other. Raises BeforeTheCut.
    """
    commodity = counted_of(asked)
    sums = [_sums(asked, span, commodity) for span in asked.spans]
    columns = [column for span in asked.spans for column in _columns(span, commodity)]
    keys = sorted({key for one in sums for key in one}, key=_order)
    lines = [_line(key, sums, asked, commodity) for key in keys]
    table = Table(
        _("Balances at the end"), columns, [*lines, _total(sums, asked, commodity)] if lines else []
    )
    checks = [] if asked.pool else [_check(sums)]
    return Report("trial-balance", _("Trial balance"), [table], checks)


def counted_of(asked: Asked) -> Commodity:
    """The commodity of the trial balance; money unless another was asked for."""
    if asked.commodity is None:
        return money()
    return Commodity.objects.filter(pk=asked.commodity).first() or money()


def _columns(span: Span, commodity: Commodity) -> list[Column]:
    day = span.last.isoformat()
    return [
        Column(f"debit_{day}", _("Debit, end of %(span)s") % {"span": span.label}, commodity),
        Column(f"credit_{day}", _("Credit, end of %(span)s") % {"span": span.label}, commodity),
    ]


def _sums(asked: Asked, span: Span, commodity: Commodity) -> Sums:
    scope = Scope(commodities=[commodity.pk], pool=asked.pool)
    sums: Sums = {}
    for one in held(scope, asked.window(span).closing):
        sums[one.kind, one.pool] = sums.get((one.kind, one.pool), 0) + one.amount
    return sums


def _order(key: tuple[str, str]) -> tuple[int, str, str]:
    return place_of(key[0]).number, *key


def _line(key: tuple[str, str], sums: Sequence[Sums], asked: Asked, commodity: Commodity) -> Line:
    kind, pool = key
    cells: list[Cell | None] = []
    for one, span in zip(sums, asked.spans, strict=True):
        window = Window(None, span.ends_at, asked.known)
        rows, amount = Rows((kind,), window, pool, commodity.code), one.get(key, 0)
        cells.append(Cell(amount, rows) if amount > 0 else None)
        cells.append(Cell(-amount, rows) if amount < 0 else None)
    place = place_of(kind)
    return Line(str(place.label), cells, place.number, pool)


def _total(sums: Sequence[Sums], asked: Asked, commodity: Commodity) -> Line:
    cells: list[Cell] = []
    for one, span in zip(sums, asked.spans, strict=True):
        window = Window(None, span.ends_at, asked.known)
        for sign in (1, -1):
            amount = sum(sign * n for n in one.values() if sign * n > 0)
            kinds = _kinds(one, sign)
            rows = Rows(kinds, window, asked.pool, commodity.code) if kinds else None
            cells.append(Cell(amount, rows))
    return Line(_("Together"), cells, weight="total")


def _kinds(sums: Sums, sign: int) -> tuple[str, ...]:
    """The kinds of one side; none where a kind is on this side in one pool, not in another."""
    on, off = ({kind for (kind, _), n in sums.items() if n * s > 0} for s in (sign, -sign))
    return () if on & off else tuple(sorted(on, key=lambda kind: place_of(kind).number))


def _check(sums: Sequence[Sums]) -> Check:
    return Check(_("Debits equal credits."), not any(sum(one.values()) for one in sums))
