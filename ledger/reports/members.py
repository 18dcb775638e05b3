"""Member capital: what each member has paid in, has in credit, still owes above cost, and owns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledger.asof import Window
from ledger.labels import account_kind
from ledger.letterhead import letterhead
from ledger.models import Commodity
from ledger.reports.asked import Asked
from ledger.reports.gather import Holding, Scope, holdings, money
from ledger.reports.shape import Cell, Column, Line, Report, Rows, Table
from ledger.reports.spans import Span

MONEY_KINDS = ("capital", "equity_credit", "profit_due")
SHARES = "holding"
MOST_NAMED = 200
"""accounts that one address names; a total of more has no list"""
Key = tuple[str, int]
"""(kind, commodity)"""


@dataclass(frozen=True)
class Heap:
    """What one person holds of one thing, and in which accounts."""

    amount: int = 0
    accounts: tuple[int, ...] = ()


Heaps = dict[tuple[str, Key], Heap]


def member_capital(asked: Asked) -> Report:
    """Capital, credit, profit due and shares of each person at the end of the days asked for.

    Persons appear as the reader may see them: by number for who may read all of them, else in the
    order in which their accounts were opened, which tells nobody who is who. Raises BeforeTheCut.
    """
    units = _units(asked)
    tables = [_table(asked, span, units) for span in asked.spans]
    return Report("members", _("Member capital"), tables)


def _table(asked: Asked, span: Span, units: Mapping[int, Commodity]) -> Table:
    found = _found(asked, asked.window(span), units)
    persons = _ordered(dict.fromkeys(one.person for one in found), asked)
    heaps = _heaps(found)
    keys = [(kind, money().pk) for kind in MONEY_KINDS] + [(SHARES, pk) for pk in units]
    lines = [_line(person, keys, heaps, asked, span) for person in persons]
    if lines:
        lines.append(_total(keys, heaps, asked, span))
    caption = _("End of %(span)s") % {"span": span.label}
    names = letterhead().pools
    return Table(caption, [_column(key, units, names) for key in keys], lines)


def _ordered(persons: Iterable[str], asked: Asked) -> list[str]:
    if not asked.reader.sees_all:
        return list(persons)
    numbers = asked.reader.numbers
    return sorted(persons, key=lambda person: (numbers.get(person, 0), person))


def _units(asked: Asked) -> dict[int, Commodity]:
    found = Commodity.objects.filter(kind=Commodity.Kind.UNIT).order_by("pk")
    if asked.pool:
        found = found.filter(code=f"unit:{asked.pool}")
    return {commodity.pk: commodity for commodity in found}


def _found(asked: Asked, window: Window, units: Mapping[int, Commodity]) -> list[Holding]:
    scope = Scope([money().pk, *units], (*MONEY_KINDS, SHARES), asked.pool)
    return holdings(scope, window.closing)


def _heaps(found: Sequence[Holding]) -> Heaps:
    heaps: Heaps = {}
    for one in found:
        key = one.person, (one.kind, one.commodity)
        before = heaps.get(key, Heap())
        heaps[key] = Heap(before.amount + one.amount, before.accounts + one.accounts)
    return heaps


def _column(key: Key, units: Mapping[int, Commodity], names: Mapping[str, str]) -> Column:
    kind, commodity = key
    if kind != SHARES:
        return Column(kind, account_kind(kind), money())
    pool = units[commodity].code.partition(":")[2]
    label = _("Shares of %(pool)s") % {"pool": names.get(pool, pool)}
    return Column(f"shares_{pool}", label, units[commodity])


def _line(person: str, keys: Sequence[Key], heaps: Heaps, asked: Asked, span: Span) -> Line:
    cells = [_cell(heaps.get((person, key)), key, asked, span) for key in keys]
    return Line(asked.reader.label(person), cells)


def _cell(heap: Heap | None, key: Key, asked: Asked, span: Span) -> Cell | None:
    if heap is None:
        return None
    rows = Rows(window=Window(None, span.ends_at, asked.known), accounts=heap.accounts)
    return Cell(_shown(key, heap.amount), rows)


def _total(keys: Sequence[Key], heaps: Heaps, asked: Asked, span: Span) -> Line:
    cells = []
    for key in keys:
        found = [heap for (_person, one), heap in heaps.items() if one == key]
        accounts = tuple(pk for heap in found for pk in heap.accounts)
        amount = _shown(key, sum(heap.amount for heap in found))
        rows = Rows(window=Window(None, span.ends_at, asked.known), accounts=accounts)
        cells.append(Cell(amount, rows if 0 < len(accounts) <= MOST_NAMED else None))
    return Line(_("Together"), cells, weight="total")


def _shown(key: Key, amount: int) -> int:
    """Credits of money are shown positive, as shares are."""
    return amount if key[0] == SHARES else -amount
