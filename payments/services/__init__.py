"""Every write of charges and payments, by business subject."""

from payments.services.accounts import set_bank_account
from payments.services.charges import (
    Line,
    cancel_charge,
    charge_everybody,
    lock_charge,
    mark_paid,
    raise_charge,
    raise_charges,
    record_receipts,
    require_payable,
)
from payments.services.funding import funding_of
from payments.services.mails import put_down, send_again, send_waiting
from payments.services.mandates import (
    amend_mandate,
    give_mandate,
    mark_mandate,
    note_collection,
    revoke_mandate,
)
from payments.services.payouts import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    lock_payouts,
    order_payout,
    request_payout,
    return_payout,
)
from payments.services.prepaid import (
    ask_for_prepaid,
    credit_prepaid,
    prepaid_balance,
    record_top_ups,
    refund_prepaid,
    require_prepaid,
    wish_to_settle,
)
from payments.services.receipts import Receipt
from payments.services.reminders import dispute_charge, pause_reminders, remind, resume_reminders

__all__ = [
    "Line",
    "Receipt",
    "amend_mandate",
    "approve_payout",
    "ask_for_prepaid",
    "cancel_charge",
    "cancel_payout",
    "charge_everybody",
    "confirm_payout",
    "credit_prepaid",
    "dispute_charge",
    "funding_of",
    "give_mandate",
    "lock_charge",
    "lock_payouts",
    "mark_mandate",
    "mark_paid",
    "note_collection",
    "order_payout",
    "pause_reminders",
    "prepaid_balance",
    "put_down",
    "raise_charge",
    "raise_charges",
    "record_receipts",
    "record_top_ups",
    "refund_prepaid",
    "remind",
    "request_payout",
    "require_payable",
    "require_prepaid",
    "resume_reminders",
    "return_payout",
    "revoke_mandate",
    "send_again",
    "send_waiting",
    "set_bank_account",
    "wish_to_settle",
]
