"""Tables of the register: the cooperative, users, members, and all that is known of them."""

from members.models.agreement import BylawsConsent, BylawsVersion
from members.models.identity import ErasureRequest, MemberKey, Vouch
from members.models.lifecycle import Appeal, MemberEvent, NumberVoid, Particulars
from members.models.limits import MemberLimit
from members.models.people import Contact, LinkedMembers, Nominee, Representative
from members.models.register import (
    Cooperative,
    Member,
    Role,
    User,
    UserManager,
)

__all__ = [
    "Appeal",
    "BylawsConsent",
    "BylawsVersion",
    "Contact",
    "Cooperative",
    "ErasureRequest",
    "LinkedMembers",
    "Member",
    "MemberEvent",
    "MemberKey",
    "MemberLimit",
    "Nominee",
    "NumberVoid",
    "Particulars",
    "Representative",
    "Role",
    "User",
    "UserManager",
    "Vouch",
]
