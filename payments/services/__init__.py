"""Every write of charges and payments, by business subject."""

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

__all__ = [
    "Line",
    "Receipt",
    "cancel_charge",
    "lock_charge",
    "mark_paid",
    "payment_before",
    "raise_charge",
    "raise_charges",
    "record_receipts",
    "require_payable",
]
