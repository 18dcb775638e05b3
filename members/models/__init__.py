"""Tables of the register: the cooperative, users, members, and all that is known of them."""

from members.models.identity import ErasureRequest, MemberKey, Vouch
from members.models.register import (
    Cooperative,
    Member,
    Role,
    User,
    UserManager,
)

__all__ = [
    "Cooperative",
    "ErasureRequest",
    "Member",
    "MemberKey",
    "Role",
    "User",
    "UserManager",
    "Vouch",
]
