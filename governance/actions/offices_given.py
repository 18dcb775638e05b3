"""Give an office that nobody is elected to, or end it: treasurer."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.actions.base import Action, Effect, Payload
from governance.actions.membership import known_member
from governance.errors import BadPayload, ElectedOffice, NothingToChange
from governance.models import Term
from members.errors import EndsTooSoon, RoleNotHeld, UnknownUser
from members.models import Member, Role, User
from members.queries import roles_in_term
from members.services import end_role, grant_role
from titles.errors import NotAMember

GIVEN = tuple(name for name in Role.Name.values if name not in Term.Office.values)
"""the offices that no election gives"""


class AboutOffice(Action):
    """`member` is an id, `office` a name of `members.Role` that is not elected."""

    touches_usage_rights = False
    area = "people"

    def concerns(self, payload: Payload) -> set[int]:
        """Who holds or shall hold the office."""
        return {payload["member"]}

    def check(self, payload: Payload) -> None:
        """The member can sign in, and the office is one that a vote gives and ends directly."""
        if payload["office"] not in Role.Name.values:
            raise BadPayload
        if payload["office"] not in GIVEN:
            raise ElectedOffice(office=Role.Name(payload["office"]).label)
        if known_member(payload).user is None:
            raise UnknownUser


class GrantOffice(AboutOffice):
    """`until` is the last day as an ISO day, or ""; it begins when it is carried out."""

    key = "grant_office"
    title: ClassVar[Promise] = _("Give an office")
    about: ClassVar[Promise] = _(
        "A member becomes treasurer, until a day or until another vote. Stewards and auditors are "
        "elected."
    )
    schema: ClassVar[dict[str, type]] = {"member": int, "office": str, "until": str}
    undone_by = "end_office"

    def check(self, payload: Payload) -> None:
        """The member is active, does not hold the office, and the last day lies ahead."""
        super().check(payload)
        member = known_member(payload)
        if member.state != Member.State.ACTIVE:
            raise NotAMember(name=member.name)
        last = end_of(payload)
        if last is not None and last <= timezone.now():
            raise EndsTooSoon
        if held(member, payload["office"]) is not None:
            raise NothingToChange

    def dry_run(self, payload: Payload) -> Effect:
        """Who holds the office now, and who then."""
        return {**payload, "holders": holders(payload["office"])}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The office, from the moment it is carried out."""
        member = known_member(payload)
        if member.user is None:
            raise UnknownUser
        row = grant_role(
            user=member.user,
            name=payload["office"],
            actor=actor,
            source=source,
            until=end_of(payload),
        )
        return [effect_of(row, member, ended=False)]

    def inverse(self, before: Effect) -> Payload | None:
        """The office ended."""
        return {"member": before["member"], "office": before["office"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Offices that were not given."""
        return [
            f"{source}: office {effect['id']} was not given as executed"
            for effect in effects
            if not Role.objects.filter(
                pk=effect["id"], name=effect["office"], source=source
            ).exists()
        ]


class EndOffice(AboutOffice):
    """The office ends when it is carried out."""

    key = "end_office"
    title: ClassVar[Promise] = _("End an office")
    about: ClassVar[Promise] = _(
        "A treasurer's office ends at once. Stewards and auditors are recalled by a petition."
    )
    schema: ClassVar[dict[str, type]] = {"member": int, "office": str}
    undone_by = "grant_office"

    def check(self, payload: Payload) -> None:
        """The member holds the office."""
        super().check(payload)
        member = known_member(payload)
        if held(member, payload["office"]) is None:
            raise RoleNotHeld(user=member.name)

    def dry_run(self, payload: Payload) -> Effect:
        """Who holds the office now, and until when this one was to."""
        row = held(known_member(payload), payload["office"])
        until = "" if row is None or row.until is None else row.until.isoformat()
        return {**payload, "until": until, "holders": holders(payload["office"])}

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The office ended."""
        member = known_member(payload)
        if member.user is None:
            raise UnknownUser
        row = end_role(user=member.user, name=payload["office"], actor=None, source=source)
        return [effect_of(row, member, ended=True)]

    def inverse(self, before: Effect) -> Payload | None:
        """The office given again, without a last day."""
        return {"member": before["member"], "office": before["office"], "until": ""}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Offices that did not end."""
        return [
            f"{source}: office {effect['id']} did not end as executed"
            for effect in effects
            if not Role.objects.filter(
                pk=effect["id"], name=effect["office"], ended_by=source
            ).exists()
        ]


def held(member: Member, office: str) -> Role | None:
    """The office as this member holds it now; None where they do not."""
    return roles_in_term().filter(user=member.user, name=office).first()


def holders(office: str) -> list[int]:
    """The numbers of the members who hold an office now."""
    rows = roles_in_term().filter(name=office, user__member__number__isnull=False)
    numbers = rows.values_list("user__member__number", flat=True)
    return sorted(number for number in numbers if number is not None)


def end_of(payload: Payload) -> datetime | None:
    """The moment at which the last day is over; None without one. Raises BadPayload."""
    if not payload["until"]:
        return None
    try:
        day = date.fromisoformat(payload["until"]) + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise BadPayload from error
    return timezone.make_aware(datetime.combine(day, time.min))


def effect_of(row: Role, member: Member, *, ended: bool) -> dict[str, Any]:
    """What is kept of an office that a vote gave or ended."""
    return {
        "kind": "office",
        "id": row.pk,
        "member": member.pk,
        "office": row.name,
        "ended": ended,
    }
