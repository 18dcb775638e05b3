"""Every write of charges and payments, by business subject."""

from payments.services.accounts import set_bank_account
from payments.services.charges import (
    Line,
    Receipt,
    cancel_charge,
    lock_charge,
    mark_paid,
    payment_before,
    raise_charge,
    raise_charges,
    record_receipts,
    require_payable,
)
from payments.services.payouts import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    request_payout,
    return_payout,
)

__all__ = [
    "Line",
    "Receipt",
    "approve_payout",
    "cancel_charge",
    "cancel_payout",
    "confirm_payout",
    "lock_charge",
    "mark_paid",
    "payment_before",
    "raise_charge",
    "raise_charges",
    "record_receipts",
    "request_payout",
    "require_payable",
    "return_payout",
    "set_bank_account",
]
