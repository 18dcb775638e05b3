"""Every write of the token economy, by business subject."""

from tokens.services.budgets import approve_budget
from tokens.services.clearing import clear_auction, sweep_auctions
from tokens.services.close import STEPS, Preview, next_step, preview_step, run_step
from tokens.services.gifts import (
    accept_gift,
    decline_gift,
    give,
    offer_surplus,
    withdraw_gift,
    withdraw_offer,
)
from tokens.services.late import LateOutcome, record_late
from tokens.services.loans import (
    accept_loan,
    decline_loan,
    lend,
    return_due_loans,
    return_loan,
    withdraw_loan,
)
from tokens.services.market import (
    ask_for_pool,
    call_auction,
    place_ask,
    place_bid,
    withdraw_ask,
    withdraw_bid,
)
from tokens.services.period import open_period
from tokens.services.run import preview_close, run_close, start_close, sweep_closes
from tokens.services.unpaid import write_off_debt
from tokens.services.usage import Outcome, UsageRow, record_usage
from tokens.services.vouchers import Terms, give_back_voucher, take_out
from tokens.services.wishes import set_overage_wish

__all__ = [
    "STEPS",
    "LateOutcome",
    "Outcome",
    "Preview",
    "Terms",
    "UsageRow",
    "accept_gift",
    "accept_loan",
    "approve_budget",
    "ask_for_pool",
    "call_auction",
    "clear_auction",
    "decline_gift",
    "decline_loan",
    "give",
    "give_back_voucher",
    "lend",
    "next_step",
    "offer_surplus",
    "open_period",
    "place_ask",
    "place_bid",
    "preview_close",
    "preview_step",
    "record_late",
    "record_usage",
    "return_due_loans",
    "return_loan",
    "run_close",
    "run_step",
    "set_overage_wish",
    "start_close",
    "sweep_auctions",
    "sweep_closes",
    "take_out",
    "withdraw_ask",
    "withdraw_bid",
    "withdraw_gift",
    "withdraw_loan",
    "withdraw_offer",
    "write_off_debt",
]
