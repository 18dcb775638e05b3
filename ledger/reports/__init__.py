"""The reports of a treasurer: built from the books at any moment, on the page, as CSV and PDF."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ledger.letterhead import letterhead
from ledger.reports.asked import Asked
from ledger.reports.cash import cash_movement
from ledger.reports.income import income_and_expenditure
from ledger.reports.members import member_capital
from ledger.reports.shape import Report, Table
from ledger.reports.sheet import balance_sheet
from ledger.reports.trial import trial_balance

REPORTS: dict[str, Callable[[Asked], Report]] = {
    "balance-sheet": balance_sheet,
    "income": income_and_expenditure,
    "cash": cash_movement,
    "trial-balance": trial_balance,
    "members": member_capital,
}
"""name in the address → what builds it"""

__all__ = ["REPORTS", "Asked", "Report", "build"]


def build(name: str, asked: Asked) -> Report:
    """A report by its name, pools called by theirs; raises KeyError, BeforeTheCut."""
    report = REPORTS[name](asked)
    names = letterhead().pools
    return replace(report, tables=[_named(table, names) for table in report.tables])


def _named(table: Table, names: Mapping[str, str]) -> Table:
    lines = [replace(line, pool_name=names.get(line.pool, line.pool)) for line in table.lines]
    return replace(table, lines=lines)
