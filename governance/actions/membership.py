"""What the actions on members have in common: whom they concern, what they leave behind."""

from typing import Any

from governance.errors import BadPayload
from members.models import Member, MemberEvent


def known_member(payload: dict[str, Any]) -> Member:
    """The member that a payload names by id; raises BadPayload."""
    found = Member.objects.filter(pk=payload["member"]).first()
    if found is None:
        raise BadPayload
    return found


def effect_of(member: Member, source: str) -> dict[str, Any]:
    """What is kept of a change of state that a vote made."""
    event = MemberEvent.objects.filter(member=member, source=source).latest("pk")
    return {
        "kind": "member",
        "id": event.pk,
        "member": member.pk,
        "state": event.to_state,
        "since": event.effective_on.isoformat(),
    }


def missing_events(effects: list[dict[str, Any]], source: str) -> list[str]:
    """One line for each change of state that is not there as the execution noted it."""
    return [
        f"{source}: event {effect['id']} of member {effect['member']} is not as executed"
        for effect in effects
        if not MemberEvent.objects.filter(
            pk=effect["id"],
            member_id=effect["member"],
            to_state=effect["state"],
            effective_on=effect["since"],
            source=source,
        ).exists()
    ]
