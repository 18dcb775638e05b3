"""The reports of a treasurer: built from the books at any moment, on the page, as CSV and PDF."""

from collections.abc import Callable

from ledger.reports.asked import Asked
from ledger.reports.cash import cash_movement
from ledger.reports.income import income_and_expenditure
from ledger.reports.members import member_capital
from ledger.reports.shape import Report
from ledger.reports.sheet import balance_sheet
from ledger.reports.statement import account_statement
from ledger.reports.trial import trial_balance

REPORTS: dict[str, Callable[[Asked], Report]] = {
    "balance-sheet": balance_sheet,
    "income": income_and_expenditure,
    "cash": cash_movement,
    "trial-balance": trial_balance,
    "members": member_capital,
}
"""name in the address → what builds it"""

__all__ = ["REPORTS", "Asked", "Report", "account_statement"]
