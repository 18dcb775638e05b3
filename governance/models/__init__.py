"""Tables of decisions. Triggers keep proposals as announced, and rolls and boards as written."""

from governance.models.ballot import (
    Ballot,
    Carried,
    Certificate,
    ConsentObjection,
    Execution,
    OutOfOrder,
)
from governance.models.delegation import Delegation, DelegationWarning
from governance.models.discussion import Mention, Moderation, Post
from governance.models.lot import Lot
from governance.models.offices import (
    Candidate,
    Emergency,
    EmergencySignature,
    LostPower,
    Petition,
    PetitionSignature,
    Term,
)
from governance.models.proposal import (
    Backing,
    Chamber,
    Delivery,
    Halt,
    Objection,
    Proposal,
    ProposalVersion,
    RollCorrection,
    RollRow,
)
from governance.models.sanctions import Panelist, Sanction, SanctionAppeal
from governance.models.sealed import SealedTally, SealedVote, TrusteeKey

__all__ = [
    "Backing",
    "Ballot",
    "Candidate",
    "Carried",
    "Certificate",
    "Chamber",
    "ConsentObjection",
    "Delegation",
    "DelegationWarning",
    "Delivery",
    "Emergency",
    "EmergencySignature",
    "Execution",
    "Halt",
    "LostPower",
    "Lot",
    "Mention",
    "Moderation",
    "Objection",
    "OutOfOrder",
    "Panelist",
    "Petition",
    "PetitionSignature",
    "Post",
    "Proposal",
    "ProposalVersion",
    "RollCorrection",
    "RollRow",
    "Sanction",
    "SanctionAppeal",
    "SealedTally",
    "SealedVote",
    "Term",
    "TrusteeKey",
]
