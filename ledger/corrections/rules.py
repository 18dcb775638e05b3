"""What may be corrected, by kind of transaction: it depends on what rests on it elsewhere."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.corrections.errors import NotCorrectable
from ledger.models import Transaction

BY_HAND = ("cash:operating", "cash:reserve", "backing", "expense", "replacement_reserve")
"""kinds of account in money that a corrected entry by hand may move: nothing else rests on them"""


@dataclass(frozen=True)
class Rule:
    """What of a kind of transaction may be corrected, and what to do about the rest.

    The `moment` it counts from can be, where balances stay as they are; `amounts` where nothing
    outside the ledger rests on them.
    """

    instead: str | Promise
    moment: bool = False
    amounts: bool = False


_PAID = _("A charge and its payment rest on these amounts. What was paid too much is paid back.")
_ASSET = _("An asset and its shares rest on these amounts. Place what is missing as an asset.")
_COST = _("The rates of a period rest on this. Enter the difference as a cost of the open period.")
_TITLE = _("A signed title rests on this: it is ended and issued anew, never rebooked.")
_USAGE = _("Correct the usage itself, with a reason; what it costs follows by itself.")
_GIFT = _("Both members agreed to this gift. The receiver can give the tokens back.")
_LENT = _("Both members agreed to this loan. It is given back where it was made.")
_VOUCHER = _("A signed voucher rests on this. An unused one can be given back by its holder.")
_MARKET = _("Both sides of an auction rest on this. It cannot be taken back.")
_CLOSE = _("This belongs to the close of a period. Put right in the open period what is wrong.")
_WORTH = _("A plan or the end of an asset rests on this. A new plan spreads what is left.")
_BANK = _("A line of the bank's statement rests on this. Decide the line anew at the bank desk.")
_PAYOUT = _("A payout rests on this. Cancel it, or mark it as returned, where payouts are kept.")
_AHEAD = _("Money paid ahead rests on this. It is paid out, or becomes shares, in its own way.")
_HELD = _("How a node stands decides about this. Release the node, or revoke it, with the reason.")
_UNKNOWN = _("It is not known what rests on this kind of transaction, so it is not corrected.")

RULES = {
    "journal entry": Rule("", moment=True, amounts=True),
    "payment": Rule(_PAID, moment=True),
    "profit paid": Rule(_PAID, moment=True),
    "asset placed": Rule(_ASSET, moment=True),
    "cost of the period": Rule(_COST, moment=True),
    "units bought": Rule(_TITLE),
    "founding units": Rule(_TITLE),
    "credit converted": Rule(_TITLE),
    "shares redeemed": Rule(_TITLE),
    "contribution valued": Rule(_TITLE),
    "credit paid out": Rule(_PAID),
    "kept for charges": Rule(_PAID),
    "debt written off": Rule(_PAID),
    "unpaid cost back to its sellers": Rule(_PAID),
    "contribution": Rule(_ASSET),
    "depreciation": Rule(_WORTH),
    "asset disposed of": Rule(_WORTH),
    "asset gone before": Rule(_WORTH),
    "shares moved in": Rule(_TITLE),
    "shares passed on": Rule(_TITLE),
    "shares given": Rule(_TITLE),
    "shares inherited": Rule(_TITLE),
    "title split": Rule(_TITLE),
    "bank line": Rule(_BANK),
    "bank line in the books": Rule(_BANK),
    "bank fee": Rule(_BANK),
    "prepaid": Rule(_AHEAD),
    "paid ahead": Rule(_AHEAD),
    "paid ahead, released": Rule(_AHEAD),
    "refund": Rule(_PAYOUT),
    "payout": Rule(_PAYOUT),
    "payout returned": Rule(_PAYOUT),
    "payout cancelled": Rule(_PAYOUT),
    "fee charged": Rule(_PAID),
    "direct debit returned": Rule(_PAID),
    "usage rated": Rule(_USAGE),
    "used tokens put together": Rule(_USAGE),
    "late usage": Rule(_USAGE),
    "late usage charged": Rule(_USAGE),
    "credit given back": Rule(_USAGE),
    "usage in suspense": Rule(_HELD),
    "usage out of suspense": Rule(_HELD),
    "usage in suspense let go": Rule(_HELD),
    "tokens given": Rule(_GIFT),
    "tokens lent": Rule(_LENT),
    "tokens returned": Rule(_LENT),
    "tokens taken out": Rule(_VOUCHER),
    "tokens put back": Rule(_VOUCHER),
    "auction cleared": Rule(_MARKET),
    "tokens issued": Rule(_CLOSE),
    "overage matched with surplus": Rule(_CLOSE),
    "provisional charges taken back": Rule(_CLOSE),
    "period charged": Rule(_CLOSE),
    "tokens expired": Rule(_CLOSE),
}
"""kind of transaction → what may be corrected; another kind is not"""


def rule_of(txn: Transaction) -> Rule:
    """What of a transaction may be corrected."""
    if txn.reverses_id:
        return Rule(NotCorrectable.text)
    return RULES.get(txn.kind, Rule(_UNKNOWN))
