"""Tables of what is owed, what was paid and what is to be paid out."""

from payments.models.charges import (
    Charge,
    ChargeLine,
    Payment,
)
from payments.models.payouts import BankAccount, Payout, PayoutApproval, PayoutEvent
from payments.models.prepaid import PaymentReturn, PrepaidWish, ProviderNotice

__all__ = [
    "BankAccount",
    "Charge",
    "ChargeLine",
    "Payment",
    "PaymentReturn",
    "Payout",
    "PayoutApproval",
    "PayoutEvent",
    "PrepaidWish",
    "ProviderNotice",
]
