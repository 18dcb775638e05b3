"""Every write of the token economy, by business subject."""

from tokens.services.clearing import clear_auction, sweep_auctions
from tokens.services.close import STEPS, Preview, next_step, preview_step, run_step
from tokens.services.gifts import accept_gift, decline_gift, give, offer_surplus, withdraw_offer
from tokens.services.late import LateOutcome, record_late
from tokens.services.market import (
    ask_for_pool,
    call_auction,
    place_ask,
    place_bid,
    withdraw_ask,
    withdraw_bid,
)
from tokens.services.period import open_period
from tokens.services.usage import Outcome, UsageRow, record_usage

__all__ = [
    "STEPS",
    "LateOutcome",
    "Outcome",
    "Preview",
    "UsageRow",
    "accept_gift",
    "ask_for_pool",
    "call_auction",
    "clear_auction",
    "decline_gift",
    "give",
    "next_step",
    "offer_surplus",
    "open_period",
    "place_ask",
    "place_bid",
    "preview_step",
    "record_late",
    "record_usage",
    "run_step",
    "sweep_auctions",
    "withdraw_ask",
    "withdraw_bid",
    "withdraw_offer",
]
