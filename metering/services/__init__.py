"""Every write of metering."""

from metering.services.accept import accept_envelope, accept_envelopes
from metering.services.allowances import signed_allowances
from metering.services.assign import assign_meter, end_assignment
from metering.services.disputes import answer_dispute, raise_dispute
from metering.services.enrol import (
    approve_enrolment,
    configuration,
    deny_enrolment,
    poll_enrolment,
    signed_configuration,
    start_enrolment,
    sweep_enrolments,
)
from metering.services.rate import rate_node, rate_waiting
from metering.services.receipts import head_receipt
from metering.services.signed import Result
from metering.services.states import (
    quarantine_node,
    release_node,
    retire_node,
    revoke_key,
    revoke_node,
    set_node_asset,
    set_node_state,
)
from metering.services.sweeps import sweep_states
from metering.services.vouchers import Slot, review_voucher, take_voucher

__all__ = [
    "Result",
    "Slot",
    "accept_envelope",
    "accept_envelopes",
    "answer_dispute",
    "approve_enrolment",
    "assign_meter",
    "configuration",
    "deny_enrolment",
    "end_assignment",
    "head_receipt",
    "poll_enrolment",
    "quarantine_node",
    "raise_dispute",
    "rate_node",
    "rate_waiting",
    "release_node",
    "retire_node",
    "review_voucher",
    "revoke_key",
    "revoke_node",
    "set_node_asset",
    "set_node_state",
    "signed_allowances",
    "signed_configuration",
    "start_enrolment",
    "sweep_enrolments",
    "sweep_states",
    "take_voucher",
]
