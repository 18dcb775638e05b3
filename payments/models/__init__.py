"""Tables of what is owed, what was paid and what is to be paid out."""

from payments.models.charges import (
    OWED_KINDS,
    Charge,
    ChargeLine,
    CreditReturn,
    Payment,
)
from payments.models.mails import Mail
from payments.models.mandates import Mandate, MandateAmendment
from payments.models.payouts import BankAccount, Payout, PayoutApproval, PayoutEvent
from payments.models.prepaid import PaymentReturn, PrepaidWish, ProviderNotice
from payments.models.reminders import MemberDefault, Reminder, ReminderStop

__all__ = [
    "OWED_KINDS",
    "BankAccount",
    "Charge",
    "ChargeLine",
    "CreditReturn",
    "Mail",
    "Mandate",
    "MandateAmendment",
    "MemberDefault",
    "Payment",
    "PaymentReturn",
    "Payout",
    "PayoutApproval",
    "PayoutEvent",
    "PrepaidWish",
    "ProviderNotice",
    "Reminder",
    "ReminderStop",
]
