"""Every write of metering."""

from metering.services.accept import accept_envelope, accept_envelopes
from metering.services.allowances import signed_allowances
from metering.services.assign import assign_meter, end_assignment
from metering.services.challenges import (
    signed_challenges,
    sweep_challenges,
    upload_challenges,
)
from metering.services.claims import agree_enrolment, claim_enrolment
from metering.services.countersign import (
    answer_note,
    countersign_assignment,
    draft_answer,
    end_countersigning,
    sweep_notes,
)
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
from metering.services.enrol_files import answer_to_file, enrol_from_file
from metering.services.expire import expire_payloads
from metering.services.files import take_file
from metering.services.links import compare_links, declare_link, end_link
from metering.services.notices import signed_notices, signed_revocations
from metering.services.rate import rate_node, rate_waiting
from metering.services.receipts import head_receipt
from metering.services.rotate import accept_rotation, approve_rotation, refuse_rotation
from metering.services.signed import Result
from metering.services.states import (
    quarantine_node,
    release_node,
    retire_node,
    revoke_key,
    revoke_node,
    set_node_asset,
    set_node_state,
    suspect_by_hand,
)
from metering.services.sweeps import sweep_states
from metering.services.vouchers import Slot, review_voucher, take_voucher

__all__ = [
    "Result",
    "Slot",
    "accept_envelope",
    "accept_envelopes",
    "accept_rotation",
    "agree_enrolment",
    "answer_dispute",
    "answer_note",
    "answer_to_file",
    "approve_enrolment",
    "approve_rotation",
    "assign_meter",
    "claim_enrolment",
    "compare_links",
    "configuration",
    "countersign_assignment",
    "declare_link",
    "deny_enrolment",
    "draft_answer",
    "end_assignment",
    "end_countersigning",
    "end_link",
    "enrol_from_file",
    "expire_payloads",
    "head_receipt",
    "poll_enrolment",
    "quarantine_node",
    "raise_dispute",
    "rate_node",
    "rate_waiting",
    "refuse_rotation",
    "release_node",
    "retire_node",
    "review_voucher",
    "revoke_key",
    "revoke_node",
    "set_node_asset",
    "set_node_state",
    "signed_allowances",
    "signed_challenges",
    "signed_configuration",
    "signed_notices",
    "signed_revocations",
    "start_enrolment",
    "suspect_by_hand",
    "sweep_challenges",
    "sweep_enrolments",
    "sweep_notes",
    "sweep_states",
    "take_file",
    "take_voucher",
    "upload_challenges",
]
