"""Lift a member's suspension or expulsion by vote."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.membership import effect_of, known_member, missing_events
from governance.errors import BadPayload
from members.errors import StateRefused
from members.models import Member, MemberEvent, User
from members.services import change_state

BACK = {
    Member.State.SUSPENDED: MemberEvent.Reason.REINSTATEMENT,
    Member.State.EXPELLED: MemberEvent.Reason.APPEAL,
}
"""from which states a vote brings somebody back, and what their history calls it"""


class LiftSuspension(Action):
    """`member` is an id, `reason` what the member reads. It restores a right of use (R11)."""

    key = "lift_suspension"
    title: ClassVar[Promise] = _("Lift a suspension or an expulsion")
    about: ClassVar[Promise] = _("The member may use, buy, offer and vote again.")
    touches_usage_rights = True
    protects_usage_right = True
    area = "members"
    kinds = ("motion", "consent")
    schema: ClassVar[dict[str, type]] = {"member": int, "reason": str}
    undone_by = "suspend_member"

    def concerns(self, payload: Payload) -> set[int]:
        """Who is suspended or expelled."""
        return {payload["member"]}

    def check(self, payload: Payload) -> None:
        """There is a reason, and the member is suspended or expelled."""
        member = known_member(payload)
        if not payload["reason"].strip():
            raise BadPayload
        if member.state not in BACK:
            raise StateRefused(
                name=member.name,
                old=member.get_state_display(),
                new=Member.State.ACTIVE.label,
                reason=MemberEvent.Reason.REINSTATEMENT.label,
            )

    def dry_run(self, payload: Payload) -> Effect:
        """From which state to which, and what the member will read."""
        before = known_member(payload).state
        return {**payload, "before": before, "after": Member.State.ACTIVE}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The member active again, from the moment it is carried out."""
        member = change_state(
            member_id=payload["member"],
            to=Member.State.ACTIVE,
            reason=BACK[Member.State(known_member(payload).state)],
            actor=actor,
            source=source,
            text=payload["reason"],
        )
        return [effect_of(member, source)]

    def inverse(self, before: Effect) -> Payload | None:
        """A suspension or expulsion as before; the words for it are its proposer's."""
        return {"member": before["member"], "reason": "", "appeal": ""}

    def opposite(self, before: Effect, effects: list[Effect]) -> tuple[str, Payload] | None:
        """By the state from which the member came back."""
        expelled = before["before"] == Member.State.EXPELLED
        payload = self.inverse(before)
        return (
            None if payload is None else ("expel_member" if expelled else "suspend_member", payload)
        )

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Events that are not there."""
        return missing_events(effects, source)
