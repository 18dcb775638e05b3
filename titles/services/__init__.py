"""Every write of ownership, by business subject."""

from titles.services.campaigns import (
    cancel_prepayment,
    give_up_campaign,
    open_campaign,
    prepay,
)
from titles.services.contribution import contribute
from titles.services.credit import acquire, convert_credit
from titles.services.founding import issue_founding_units, issue_founding_units_to_many
from titles.services.inheritance import pass_on_estate
from titles.services.leaving import leave, sweep_leavings, withdraw_leaving
from titles.services.notices import accept_notice
from titles.services.payment import Arrival, accept_arrivals, accept_payment, settle_charges
from titles.services.prepaid import settle_from_prepaid, settle_within, sweep_wishes
from titles.services.redemption import (
    preview_queue,
    request_credit_payout,
    request_redemption,
    serve_queue,
    set_class,
    sweep_redemptions,
    withdraw_redemption,
)
from titles.services.returns import take_back_payment
from titles.services.selldown import advance_default, sweep_defaults
from titles.services.split import split_title
from titles.services.subscription import (
    cancel_subscription,
    drop_draft,
    keep_draft,
    subscribe,
)
from titles.services.sweep import sweep_moves
from titles.services.transfer import (
    accept_transfer,
    claim_offer,
    decline_transfer,
    find_offer,
    offer_units,
    try_offer,
    withdraw_transfer,
)
from titles.services.waiting import join_waiting_list, leave_waiting_list, take_offer
from titles.services.write_off import write_off

__all__ = [
    "Arrival",
    "accept_arrivals",
    "accept_notice",
    "accept_payment",
    "accept_transfer",
    "acquire",
    "advance_default",
    "cancel_prepayment",
    "cancel_subscription",
    "claim_offer",
    "contribute",
    "convert_credit",
    "decline_transfer",
    "drop_draft",
    "find_offer",
    "give_up_campaign",
    "issue_founding_units",
    "issue_founding_units_to_many",
    "join_waiting_list",
    "keep_draft",
    "leave",
    "leave_waiting_list",
    "offer_units",
    "open_campaign",
    "pass_on_estate",
    "prepay",
    "preview_queue",
    "request_credit_payout",
    "request_redemption",
    "serve_queue",
    "set_class",
    "settle_charges",
    "settle_from_prepaid",
    "settle_within",
    "split_title",
    "subscribe",
    "sweep_defaults",
    "sweep_leavings",
    "sweep_moves",
    "sweep_redemptions",
    "sweep_wishes",
    "take_back_payment",
    "take_offer",
    "try_offer",
    "withdraw_leaving",
    "withdraw_redemption",
    "withdraw_transfer",
    "write_off",
]
