"""The chart of accounts: where each kind of account stands in the books of a treasurer.

Numbers follow the usual classes: 1 assets, 2 liabilities, 3 equity, 4 income, 5 expense; shares
and tokens, which are not money, stand in 8 and 9. docs/reports.md gives the reasons. The ledger
keeps debits positive; `Category.sign` turns an amount into the one that a report shows.
"""

import re
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.labels import ACCOUNTS


class Category(Enum):
    """A class of accounts; its value is the order on a report."""

    ASSET = 1
    LIABILITY = 2
    EQUITY = 3
    INCOME = 4
    EXPENSE = 5
    SHARES = 8
    TOKENS = 9
    UNCLASSIFIED = 99

    @property
    def sign(self) -> int:
        """What a debit-positive amount is multiplied with to be shown in this class."""
        credit = (Category.LIABILITY, Category.EQUITY, Category.INCOME)
        return -1 if self in credit else 1

    @property
    def label(self) -> str:
        """The class in words."""
        return str(CATEGORIES[self])


CATEGORIES: dict[Category, Promise] = {
    Category.ASSET: _("Assets"),
    Category.LIABILITY: _("Liabilities"),
    Category.EQUITY: _("Equity"),
    Category.INCOME: _("Income"),
    Category.EXPENSE: _("Expenditure"),
    Category.SHARES: _("Shares"),
    Category.TOKENS: _("Tokens"),
    Category.UNCLASSIFIED: _("Unclassified"),
}


@dataclass(frozen=True)
class Place:
    """One line of the chart: its number, the kind of account in the books, class and name.

    `contrary` is where balances of the other side stand on a balance sheet, so that what is owed
    to one is never netted with what is owed by another; None where they stay in place.
    """

    number: int
    kind: str
    category: Category
    label: str | Promise
    contrary: "Place | None" = None

    @property
    def debit(self) -> bool:
        """Whether the balance is usually a debit, a positive amount in the books."""
        turned = self.kind in DEDUCTED or self.kind in ORIGINS
        return (self.category.sign > 0) != turned

    def on_sheet(self, *, debit: bool) -> "Place":
        """Where a balance of this kind stands on a balance sheet."""
        usual = debit == (self.category.sign > 0)
        return self if usual or self.contrary is None else self.contrary


BANK_OVERDRAWN = Place(2005, "cash:bank", Category.LIABILITY, _("Bank account, overdrawn"))
LEFT_UNASSIGNED = Place(
    1006, "unassigned", Category.ASSET, _("Left the bank account, not assigned")
)
OVERDRAWN = Place(2010, "cash:operating", Category.LIABILITY, _("Operating cash, overdrawn"))
PAID_AHEAD = Place(2050, "receivable", Category.LIABILITY, _("Paid ahead by members"))
UNDER_RECOVERED = Place(
    1400, "stabilisation", Category.ASSET, _("Cost stabilisation: not yet recovered")
)


def _place(number: int, kind: str, category: Category, contrary: Place | None = None) -> Place:
    return Place(number, kind, category, ACCOUNTS[kind], contrary)


CHART = [
    _place(1005, "cash:bank", Category.ASSET, BANK_OVERDRAWN),
    _place(1010, "cash:operating", Category.ASSET, OVERDRAWN),
    _place(1020, "cash:growth", Category.ASSET),
    _place(1030, "cash:reserve", Category.ASSET),
    Place(1200, "receivable", Category.ASSET, _("Owed by members"), PAID_AHEAD),
    _place(1290, "provisional_receivable", Category.ASSET),
    Place(1500, "assets", Category.ASSET, _("Physical assets, at cost")),
    Place(1590, "depreciation", Category.ASSET, _("Written off physical assets")),
    Place(2060, "prepaid", Category.LIABILITY, _("Prepaid by members")),
    _place(2070, "unassigned", Category.LIABILITY, LEFT_UNASSIGNED),
    _place(2080, "payable", Category.LIABILITY),
    Place(
        2100,
        "stabilisation",
        Category.LIABILITY,
        _("Cost stabilisation: recovered ahead"),
        UNDER_RECOVERED,
    ),
    _place(2200, "profit_due", Category.LIABILITY),
    _place(2290, "provisional_cost", Category.LIABILITY),
    _place(2295, "provisional_profit", Category.LIABILITY),
    Place(
        2500,
        "backing",
        Category.LIABILITY,
        _("Funding of assets that nobody has bought into yet"),
    ),
    _place(3010, "capital", Category.EQUITY),
    _place(3020, "equity_credit", Category.EQUITY),
    _place(3100, "capital_reserve", Category.EQUITY),
    _place(3300, "replacement_reserve", Category.EQUITY),
    Place(3900, "vacancy", Category.EQUITY, _("Vacancy deficit")),
    _place(3910, "asset_losses", Category.EQUITY),
    _place(4010, "cost_income", Category.INCOME),
    _place(4020, "fee_income", Category.INCOME),
    _place(5010, "expense", Category.EXPENSE),
    _place(5050, "bank_fee", Category.EXPENSE),
    Place(8010, "treasury", Category.SHARES, _("Shares that nobody has bought yet")),
    Place(8020, "holding", Category.SHARES, _("Shares held by members")),
    Place(8900, "created", Category.SHARES, _("All shares ever created")),
    Place(9010, "own", Category.TOKENS, _("Members' tokens from the issue")),
    Place(9020, "received", Category.TOKENS, _("Members' tokens bought or received")),
    Place(9030, "pool", Category.TOKENS, _("The pool's own tokens")),
    Place(9040, "vouchers", Category.TOKENS, _("Members' tokens in vouchers")),
    _place(9110, "redeemed", Category.TOKENS),
    _place(9120, "overage", Category.TOKENS),
    _place(9130, "expired", Category.TOKENS),
    _place(9140, "suspense", Category.TOKENS),
    Place(9900, "issue", Category.TOKENS, _("All tokens issued")),
    _place(9910, "unbacked", Category.TOKENS),
    _place(9920, "suspended", Category.TOKENS),
]
BY_KIND = {place.kind: place for place in CHART}
DEDUCTED = {"vacancy", "asset_losses", "depreciation"}
"""Deficits: shown as a positive figure that is taken off."""
ORIGINS = {"created", "issue", "unbacked", "suspended"}
"""Where shares and tokens come from: minus all that there are."""

CASH = ("cash:bank", "cash:operating", "cash:growth", "cash:reserve")
RESULT = ("cost_income", "expense")
CLOSING = ("period charged", "reversal of period charged")
"""Transactions that also close the cost accounts of a period, and what takes them back."""

POOL = """CASE
    WHEN c.kind <> 'money' THEN split_part(c.code, ':', 2)
    WHEN a.owner LIKE 'pool/%%' THEN split_part(a.owner, '/', 2)
    WHEN a.owner = '' OR a.owner LIKE 'member/%%' THEN ''
    ELSE split_part(a.owner, '/', 1) END"""
"""SQL for the code of the pool that account a of commodity c belongs to, "" for none."""

PERSON = re.compile(r"(?:^|/)(member/\d+)(?:/|$)")


def place_of(kind: str) -> Place:
    """Where a kind of account stands; a kind that the chart does not know is Unclassified."""
    known = BY_KIND.get(kind)
    return known or Place(9999, kind, Category.UNCLASSIFIED, kind)


def pool_of(commodity: str, owner: str) -> str:
    """The code of the pool that an account belongs to, as `POOL` finds it; "" for none."""
    if commodity.startswith(("unit:", "token:")):
        return commodity.split(":")[1]
    first, _slash, rest = owner.partition("/")
    if first == "pool":
        return rest.partition("/")[0]
    return "" if first == "member" else first
