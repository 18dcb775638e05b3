"""What the kinds of accounts and transactions are called on pages."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACCOUNTS = {
    "cash:operating": _("Operating cash"),
    "cash:growth": _("Growth fund"),
    "cash:reserve": _("Reserve in cash"),
    "cash:bank": _("At the bank, not assigned to a pool"),
    "prepaid": _("Prepaid by"),
    "unassigned": _("Arrived, not assigned"),
    "bank_fee": _("Bank fees"),
    "assets": _("Physical assets, at cost"),
    "depreciation": _("Written off physical assets"),
    "asset_losses": _("Losses on assets beyond depreciation"),
    "backing": _("What the assets were paid from"),
    "receivable": _("Owed by"),
    "provisional_receivable": _("Owed so far, not final"),
    "provisional_cost": _("Cost charged so far, not final"),
    "provisional_profit": _("Paid above cost so far, not final"),
    "payable": _("To be paid out to"),
    "fee_income": _("Fees charged"),
    "capital": _("Paid-in capital"),
    "profit_due": _("Charged above cost, not yet paid"),
    "equity_credit": _("Equity credit"),
    "capital_reserve": _("Kept when shares came back"),
    "cost_income": _("Cost recovered"),
    "expense": _("Actual cost"),
    "vacancy": _("Vacancy"),
    "stabilisation": _("Cost stabilisation"),
    "replacement_reserve": _("Replacement reserve"),
    "created": _("Created"),
    "treasury": _("Treasury"),
    "holding": _("Held by"),
    "issue": _("Issued"),
    "unbacked": _("Unbacked overage"),
    "pool": _("The pool's own"),
    "own": _("From the issue"),
    "received": _("Bought or received"),
    "vouchers": _("Taken out as vouchers"),
    "redeemed": _("Redeemed"),
    "overage": _("Used beyond tokens"),
    "expired": _("Expired"),
    "suspense": _("Used, in suspense"),
    "suspended": _("In suspense, not counted yet"),
}

TRANSACTIONS = {
    "asset placed": _("Asset placed in a pool"),
    "contribution": _("Contribution in kind"),
    "depreciation": _("Assets written off"),
    "asset disposed of": _("Asset left the books"),
    "journal entry": _("Entry by hand"),
    "founding units": _("Founding shares issued"),
    "units bought": _("Shares bought"),
    "shares moved in": _("Shares as the earlier register had them"),
    "asset gone before": _("Asset gone before the register moved in"),
    "shares passed on": _("Shares passed on"),
    "shares given": _("Shares given"),
    "shares inherited": _("Estate passed on to heirs"),
    "title split": _("Title divided"),
    "payment": _("Payment received"),
    "bank line": _("Line of a bank statement"),
    "bank line in the books": _("Line of a bank statement: in the books already"),
    "bank fee": _("Bank fee"),
    "prepaid": _("Prepaid balance topped up"),
    "refund": _("To be sent back"),
    "payout": _("Paid out"),
    "payout returned": _("Payout came back"),
    "payout cancelled": _("Payout cancelled"),
    "fee charged": _("Reminder fee charged"),
    "direct debit returned": _("Direct debit came back"),
    "profit paid": _("Paid above cost: became equity credit"),
    "paid ahead": _("Paid ahead for something planned"),
    "paid ahead, released": _("Paid ahead: became ordinary credit"),
    "credit converted": _("Equity credit became shares"),
    "shares redeemed": _("Shares taken back"),
    "credit paid out": _("Credit to be paid out"),
    "kept for charges": _("Kept to pay charges"),
    "contribution valued": _("Contribution in kind became shares"),
    "debt written off": _("Debt written off"),
    "usage in suspense": _("Usage into suspense"),
    "usage out of suspense": _("Usage out of suspense, to be rated"),
    "usage in suspense let go": _("Usage in suspense let go"),
    "unpaid cost back to its sellers": _("Unpaid cost back to its sellers"),
    "tokens issued": _("Tokens issued"),
    "tokens given": _("Tokens given"),
    "tokens lent": _("Tokens lent"),
    "tokens returned": _("Lent tokens returned"),
    "tokens taken out": _("Tokens taken out as a voucher"),
    "tokens put back": _("Voucher given back"),
    "used tokens put together": _("Used tokens put together"),
    "usage rated": _("Usage rated"),
    "late usage": _("Usage of a closed period, counted late"),
    "late usage charged": _("Late usage charged"),
    "credit given back": _("Paid above cost, given back after a correction"),
    "auction cleared": _("Auction cleared"),
    "cost of the period": _("Actual cost of a period"),
    "overage matched with surplus": _("Overage matched with surplus"),
    "provisional charges taken back": _("Provisional charges taken back"),
    "period charged": _("Period charged"),
    "tokens expired": _("Tokens expired"),
}

METERED = "usage rated"
"""by far the most frequent kind: one every few minutes for each meter"""


def kinds_to_choose() -> list[tuple[str, str]]:
    """What transactions may be narrowed down to: a kind for queries.transactions, and its name."""
    named = sorted(((kind, str(name)) for kind, name in TRANSACTIONS.items()), key=lambda k: k[1])
    return [
        ("", gettext("Everything")),
        (f"-{METERED}", gettext("Everything but rated usage")),
        *named,
        ("reversal", gettext("Reversals")),
    ]


def account_kind(kind: str) -> str:
    """An account kind in words."""
    return str(ACCOUNTS.get(kind, kind.replace("_", " ").replace(":", ", ").capitalize()))


def transaction_kind(kind: str) -> str:
    """A transaction kind in words."""
    if kind.startswith("reversal of "):
        what = transaction_kind(kind.removeprefix("reversal of "))
        return gettext("Reversal: %(what)s") % {"what": what}
    return str(TRANSACTIONS.get(kind, kind.replace("_", " ").replace(":", ", ").capitalize()))
