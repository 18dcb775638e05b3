"""Every write of the register, by business subject."""

from members.services.agreement import (
    consent_to_bylaws,
    ensure_bylaws,
    publish_bylaws,
)
from members.services.founding import (
    Charter,
    found_cooperative,
    register_user,
)
from members.services.identity import (
    Verified,
    draft_key,
    register_key,
    revoke_key,
    rotate_key,
    verify_statement,
)
from members.services.lifecycle import (
    admit,
    answer_appeal,
    change_state,
    expel,
    finish_leaving,
    make_appeal,
    refuse,
    start_leaving,
    stay,
    suspend,
)
from members.services.limits import lift_limit, limit, need_free_hands
from members.services.particulars import (
    change_contact,
    change_particulars,
    forget_contacts,
)
from members.services.people import (
    appoint_representative,
    end_representation,
    link_members,
    name_nominee,
    revoke_nominee,
    unlink_members,
)
from members.services.register import (
    Reach,
    apply,
    enrol_member,
    set_conversion_consent,
)
from members.services.roles import (
    end_role,
    grant_role,
)
from members.services.takeover import (
    Former,
    take_over,
    void_numbers,
)
from members.services.vouching import (
    draft_vouch,
    longest_days,
    vouch,
    withdraw_vouch,
)

__all__ = [
    "Charter",
    "Former",
    "Reach",
    "Verified",
    "admit",
    "answer_appeal",
    "apply",
    "appoint_representative",
    "change_contact",
    "change_particulars",
    "change_state",
    "consent_to_bylaws",
    "draft_key",
    "draft_vouch",
    "end_representation",
    "end_role",
    "enrol_member",
    "ensure_bylaws",
    "expel",
    "finish_leaving",
    "forget_contacts",
    "found_cooperative",
    "grant_role",
    "lift_limit",
    "limit",
    "link_members",
    "longest_days",
    "make_appeal",
    "name_nominee",
    "need_free_hands",
    "publish_bylaws",
    "refuse",
    "register_key",
    "register_user",
    "revoke_key",
    "revoke_nominee",
    "rotate_key",
    "set_conversion_consent",
    "start_leaving",
    "stay",
    "suspend",
    "take_over",
    "unlink_members",
    "verify_statement",
    "void_numbers",
    "vouch",
    "withdraw_vouch",
]
