"""Every write of the register, by business subject."""

from members.services.register import (
    Charter,
    admit,
    apply,
    end_role,
    enrol_member,
    found_cooperative,
    grant_role,
    refuse,
    register_user,
    set_conversion_consent,
)

__all__ = [
    "Charter",
    "admit",
    "apply",
    "end_role",
    "enrol_member",
    "found_cooperative",
    "grant_role",
    "refuse",
    "register_user",
    "set_conversion_consent",
]
