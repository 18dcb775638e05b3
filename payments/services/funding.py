"""Where the money of a payment is taken from, as movements in the books."""

from collections.abc import Iterable, Sequence

from ledger.services import Leg
from payments.accounts import Name, money_accounts
from payments.models import Payment
from payments.services.receipts import Receipt

BANK: Name = ("cash:bank", "")
UNASSIGNED: Name = ("unassigned", "")


def prepaid_name(member_id: int) -> Name:
    """The account of what a member paid ahead (negative)."""
    return "prepaid", f"member/{member_id}"


def funding_names(receipts: Iterable[Receipt]) -> set[Name]:
    """The accounts that the money of these payments comes from."""
    return {name for receipt in receipts for name, _sign in _sources(receipt)}


def funding_legs(receipt: Receipt, accounts: dict[Name, int]) -> list[Leg]:
    """What makes room for the cash of a pool: it was at the bank and owed to somebody until now.

    Empty for money that no statement has told of (marked by hand, or through a payment service).
    """
    amount = receipt.charge.amount
    return [Leg(accounts[name], sign * amount) for name, sign in _sources(receipt)]


def funding_of(receipt: Receipt) -> list[Leg]:
    """The same for one payment, with its accounts looked up."""
    return funding_legs(receipt, money_accounts(funding_names([receipt])))


def _sources(receipt: Receipt) -> Sequence[tuple[Name, int]]:
    if receipt.source == Payment.Source.BANK:
        return (UNASSIGNED, 1), (BANK, -1)
    if receipt.source == Payment.Source.PREPAID:
        return (prepaid_name(receipt.charge.member_id), 1), (BANK, -1)
    return ()
