"""Tables of nodes, of what they signed, and of what was read from it."""

from metering.models.disputes import Dispute
from metering.models.evidence import (
    Envelope,
    EnvelopeConflict,
    MeterInventory,
    Receipt,
    RefusedBatch,
)
from metering.models.nodes import EnrolmentRequest, Node, NodeKey, NodeStateChange
from metering.models.readings import Gap, Int8Range, Meter, MeterAssignment, Reading
from metering.models.vouchers import VoucherPresentation, VoucherReview

__all__ = [
    "Dispute",
    "EnrolmentRequest",
    "Envelope",
    "EnvelopeConflict",
    "Gap",
    "Int8Range",
    "Meter",
    "MeterAssignment",
    "MeterInventory",
    "Node",
    "NodeKey",
    "NodeStateChange",
    "Reading",
    "Receipt",
    "RefusedBatch",
    "VoucherPresentation",
    "VoucherReview",
]
