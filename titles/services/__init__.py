"""Every write of ownership, by business subject."""

from titles.services.credit import acquire, convert_credit
from titles.services.founding import issue_founding_units
from titles.services.payment import Arrival, accept_arrivals, accept_payment, settle_charges
from titles.services.prepaid import settle_from_prepaid, settle_within
from titles.services.returns import take_back_payment
from titles.services.subscription import cancel_subscription, subscribe

__all__ = [
    "Arrival",
    "accept_arrivals",
    "accept_payment",
    "acquire",
    "cancel_subscription",
    "convert_credit",
    "issue_founding_units",
    "settle_charges",
    "settle_from_prepaid",
    "settle_within",
    "subscribe",
    "take_back_payment",
]
