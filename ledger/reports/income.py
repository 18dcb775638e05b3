"""Income and expenditure: what members were charged at cost, what it did cost, what became of it.

A close books what nobody pays for (vacancy) as if it were recovered, and empties the cost
accounts. Neither is income or expense: so the report leaves out the closing entries and takes
the vacancy off, and shows below where the result went.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from ledger.asof import Window
from ledger.chart import RESULT, place_of
from ledger.reports.asked import Asked
from ledger.reports.gather import Moved, Scope, money, moved
from ledger.reports.shape import Cell, Check, Column, Line, Report, Rows, Table

KINDS = (*RESULT, "vacancy", "stabilisation", "replacement_reserve")
CHARGED = ("cost_income", "vacancy")
Key = tuple[str, str]
"""(pool, what)"""


@dataclass(frozen=True)
class Flow:
    """One column: what moved in some days, debits positive, by pool and kind of account.

    `ordinary` leaves the entries out that close a period's cost accounts; `closing` has only them.
    """

    window: Window
    ordinary: dict[Key, int] = field(default_factory=dict)
    closing: dict[Key, int] = field(default_factory=dict)

    def net(self, kind: str) -> int:
        """All that moved through a kind of account."""
        both = (*self.ordinary.items(), *self.closing.items())
        return sum(amount for (_pool, one), amount in both if one == kind)

    def plain(self, kind: str) -> int:
        """What moved through a kind of account, closing entries left out."""
        return sum(amount for (_pool, one), amount in self.ordinary.items() if one == kind)

    @property
    def result(self) -> int:
        """The surplus (positive) or deficit: charged, less vacancy, cost and what is carried on."""
        charged = -self.plain("cost_income") - self.net("vacancy")
        return charged - self.plain("expense") + self.net("stabilisation")

    @property
    def unclosed(self) -> int:
        """What still stands in the cost accounts: the part of the result not yet placed."""
        return -sum(self.net(kind) for kind in RESULT)


def income_and_expenditure(asked: Asked) -> Report:
    """What was charged at cost, what it cost, the result and where it went; raises BeforeTheCut."""
    flows = [_flow(asked, asked.window(span)) for span in asked.spans]
    columns = [Column(f"in_{span.start.isoformat()}", span.label, money()) for span in asked.spans]
    tables = [
        Table(_("Income"), columns, _income(flows, asked)),
        Table(_("Expenditure"), columns, _expense(flows, asked)),
        Table(_("Result"), columns, _result(flows, asked)),
    ]
    notes = [
        _("What members pay above cost is their own investment, never income. It stands in the "
          "report on member capital.")
    ]  # fmt: skip
    return Report("income", _("Income and expenditure"), tables, [_check(flows)], notes)


def _flow(asked: Asked, window: Window) -> Flow:
    scope = Scope(commodities=[money().pk], kinds=KINDS, pool=asked.pool)
    flow = Flow(window)
    for one in moved(scope, window):
        closes = one.kind in RESULT and one.closes
        _add(flow.closing if closes else flow.ordinary, one)
    return flow


def _add(sums: dict[Key, int], one: Moved) -> None:
    key = one.pool, one.kind
    sums[key] = sums.get(key, 0) + one.amount


def _income(flows: Sequence[Flow], asked: Asked) -> list[Line]:
    lines = []
    for pool in _pools(flows, "cost_income", "vacancy"):
        lines.append(_line(_("Cost charged for what was issued and sold"), "cost_income", pool,
                           flows, -1))  # fmt: skip
        lines.append(_line(_("charged to nobody (vacancy)"), "vacancy", pool, flows, 1,
                           weight="less"))  # fmt: skip
    sums = [-flow.plain("cost_income") - flow.net("vacancy") for flow in flows]
    return [*lines, _sum(_("Charged to members at cost"), sums, flows, asked, CHARGED)]


def _expense(flows: Sequence[Flow], asked: Asked) -> list[Line]:
    label = str(place_of("expense").label)
    lines = [_line(label, "expense", pool, flows, 1) for pool in _pools(flows, "expense")]
    sums = [flow.plain("expense") for flow in flows]
    return [*lines, _sum(_("Expenditure together"), sums, flows, asked, ("expense",))]


def _result(flows: Sequence[Flow], asked: Asked) -> list[Line]:
    def carried(amounts: Iterable[int], label: str, kind: str) -> Line:
        cells = [
            Cell(amount, Rows((kind,), flow.window, asked.pool, money().code))
            for flow, amount in zip(flows, amounts, strict=True)
        ]
        return Line(label, cells, place_of(kind).number)

    return [
        carried(
            (flow.net("stabilisation") for flow in flows),
            _("Recovered ahead (minus) or left for later periods to recover"),
            "stabilisation",
        ),
        Line(
            _("Surplus, or deficit (minus)"), [Cell(flow.result) for flow in flows], weight="total"
        ),
        carried(
            (-flow.net("replacement_reserve") for flow in flows),
            _("of it put into the replacement reserve"),
            "replacement_reserve",
        ),
        carried(
            (-flow.net("vacancy") for flow in flows),
            _("of it added to the vacancy deficit"),
            "vacancy",
        ),
        _unclosed(flows, asked),
    ]


def _unclosed(flows: Sequence[Flow], asked: Asked) -> Line:
    cells = [
        Cell(flow.unclosed, Rows(RESULT, flow.window, asked.pool, money().code)) for flow in flows
    ]
    return Line(_("of it not placed yet: the period is not closed"), cells, 3990)


def _pools(flows: Sequence[Flow], *kinds: str) -> list[str]:
    return sorted(
        {pool for flow in flows for pool, kind in (*flow.ordinary, *flow.closing) if kind in kinds}
    )


def _line(
    label: str, kind: str, pool: str, flows: Sequence[Flow], sign: int, weight: str = "line"
) -> Line:
    part = "open" if kind in RESULT else ""
    cells = [
        Cell(
            sign * flow.ordinary.get((pool, kind), 0),
            Rows((kind,), flow.window, pool, money().code, part=part),
        )
        for flow in flows
    ]
    return Line(label, cells, place_of(kind).number, pool, weight=weight)


def _sum(
    label: str,
    amounts: Sequence[int],
    flows: Sequence[Flow],
    asked: Asked,
    kinds: tuple[str, ...],
) -> Line:
    cells = [
        Cell(amount, Rows(kinds, flow.window, asked.pool, money().code, part="open"))
        for flow, amount in zip(flows, amounts, strict=True)
    ]
    return Line(label, cells, weight="sum")


def _check(flows: Sequence[Flow]) -> Check:
    def placed(flow: Flow) -> int:
        return flow.unclosed - flow.net("replacement_reserve") - flow.net("vacancy")

    holds = all(flow.result == placed(flow) for flow in flows)
    return Check(_("All of the result is accounted for."), holds)
