"""Admit an applicant by vote."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.membership import effect_of, known_member, missing_events
from members.errors import NotAnApplicant
from members.models import Member, User
from members.services import admit


class AdmitMember(Action):
    """`member` is the id of somebody who applied and waits; their number is given on execution."""

    key = "admit_member"
    title = _("Admit a member")
    about = _(
        "Somebody who applied becomes a member, with the next number, when it is carried out."
    )
    touches_usage_rights = True
    area = "members"
    kinds = ("motion", "consent")
    schema: ClassVar[dict[str, type]] = {"member": int}

    def concerns(self, payload: Payload) -> set[int]:
        """Who applied."""
        return {payload["member"]}

    def check(self, payload: Payload) -> None:
        """The application still waits."""
        member = known_member(payload)
        if member.state != Member.State.APPLICANT:
            raise NotAnApplicant(name=member.name, state=member.get_state_display())

    def dry_run(self, payload: Payload) -> Effect:
        """From which state to which."""
        before = known_member(payload).state
        return {"member": payload["member"], "before": before, "after": Member.State.ACTIVE}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The member's number and the event of their admission."""
        member = admit(member_id=payload["member"], actor=actor, source=source)
        return [effect_of(member, source)]

    def inverse(self, before: Effect) -> Payload | None:
        """An admission is not undone: a membership ends, and its number stays."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Events that are not there."""
        return missing_events(effects, source)
