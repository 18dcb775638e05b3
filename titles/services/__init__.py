"""Every write of ownership, by business subject."""

from titles.services.credit import acquire, convert_credit
from titles.services.founding import issue_founding_units
from titles.services.payment import accept_payment, settle_charges
from titles.services.subscription import cancel_subscription, subscribe

__all__ = [
    "accept_payment",
    "acquire",
    "cancel_subscription",
    "convert_credit",
    "issue_founding_units",
    "settle_charges",
    "subscribe",
]
