"""Tables of nodes, of what they signed, and of what was read from it."""

from metering.models.challenges import StorageChallenge
from metering.models.countersign import Countersigning, DeliveryNote
from metering.models.deliveries import FileDelivery, Refusal
from metering.models.disputes import Dispute, DisputeEnvelope
from metering.models.evidence import (
    Envelope,
    EnvelopeConflict,
    MeterInventory,
    Receipt,
    RefusedBatch,
)
from metering.models.links import LinkCorrection, LinkHour, LinkPair
from metering.models.nodes import EnrolmentRequest, Node, NodeKey, NodeStateChange
from metering.models.readings import Gap, Int8Range, Meter, MeterAssignment, Reading
from metering.models.trust import KeyRevocation, KeyRotation, NodeBoot
from metering.models.vouchers import VoucherPresentation, VoucherReview

__all__ = [
    "Countersigning",
    "DeliveryNote",
    "Dispute",
    "DisputeEnvelope",
    "EnrolmentRequest",
    "Envelope",
    "EnvelopeConflict",
    "FileDelivery",
    "Gap",
    "Int8Range",
    "KeyRevocation",
    "KeyRotation",
    "LinkCorrection",
    "LinkHour",
    "LinkPair",
    "Meter",
    "MeterAssignment",
    "MeterInventory",
    "Node",
    "NodeBoot",
    "NodeKey",
    "NodeStateChange",
    "Reading",
    "Receipt",
    "Refusal",
    "RefusedBatch",
    "StorageChallenge",
    "VoucherPresentation",
    "VoucherReview",
]
