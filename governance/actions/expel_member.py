"""Suspend or expel a member by vote, with the reason and how they may appeal."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.membership import effect_of, known_member, missing_events
from governance.errors import BadPayload
from members.errors import StateRefused
from members.models import Member, MemberEvent, User
from members.services import expel, suspend
from members.transitions import reasons_for


class AgainstMember(Action):
    """`member` is an id; `reason` and `appeal` are what the member reads."""

    to: ClassVar[Member.State]
    by: ClassVar[MemberEvent.Reason]
    touches_usage_rights = True
    area = "members"
    undone_by = "lift_suspension"
    kinds = ("motion",)
    schema: ClassVar[dict[str, type]] = {"member": int, "reason": str, "appeal": str}

    def concerns(self, payload: Payload) -> set[int]:
        """Whom it is against."""
        return {payload["member"]}

    def check(self, payload: Payload) -> None:
        """There is a reason, and the member is in a state from which this is possible."""
        member = known_member(payload)
        if not payload["reason"].strip():
            raise BadPayload
        if self.by not in reasons_for(member.state, self.to):
            raise StateRefused(
                name=member.name,
                old=member.get_state_display(),
                new=self.to.label,
                reason=self.by.label,
            )

    def dry_run(self, payload: Payload) -> Effect:
        """From which state to which, and what the member will read."""
        return {**payload, "before": known_member(payload).state, "after": self.to}

    def inverse(self, before: Effect) -> Payload | None:
        """What was decided, lifted; the words for it are its proposer's."""
        return {"member": before["member"], "reason": ""}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Events that are not there."""
        return missing_events(effects, source)


class SuspendMember(AgainstMember):
    """The member keeps reading, and may neither buy, offer nor vote."""

    key = "suspend_member"
    title: ClassVar[Promise] = _("Suspend a member")
    about: ClassVar[Promise] = _("They can still read all of theirs, but neither buy nor vote.")
    to = Member.State.SUSPENDED
    by = MemberEvent.Reason.SUSPENSION

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The suspension, from the moment it is carried out."""
        member = suspend(
            member_id=payload["member"],
            text=payload["reason"],
            appeal=payload["appeal"],
            actor=actor,
            source=source,
        )
        return [effect_of(member, source)]


class ExpelMember(AgainstMember):
    """The membership ends; what the member holds stays theirs until paid out or transferred."""

    key = "expel_member"
    title: ClassVar[Promise] = _("Expel a member")
    about: ClassVar[Promise] = _("The membership ends; shares stay theirs until they are paid out.")
    to = Member.State.EXPELLED
    by = MemberEvent.Reason.EXPULSION

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The expulsion, from the moment it is carried out."""
        member = expel(
            member_id=payload["member"],
            text=payload["reason"],
            appeal=payload["appeal"],
            actor=actor,
            source=source,
        )
        return [effect_of(member, source)]
