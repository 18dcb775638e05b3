"""Applications, and enrolment in one step."""

from datetime import date
from typing import Any, NotRequired, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from members.errors import AlreadyApplied, BylawsNotAccepted, NameMissing
from members.models import Member, MemberEvent, User
from members.queries import bylaws_in_force
from members.services.agreement import consent_to_bylaws, ensure_bylaws
from members.services.lifecycle import admit, change_state, locked, record
from members.services.particulars import change_contact, change_particulars
from members.transitions import MAY_APPLY


class Reach(TypedDict):
    """How to reach an applicant; what is not given is not known."""

    email: NotRequired[str]
    phone: NotRequired[str]
    language: NotRequired[str]
    way: NotRequired[str]


@transaction.atomic
def apply(
    *,
    user: User | None,
    name: str,
    kind: str,
    address: str,
    bylaws_version: str,
    consents_to_conversion: bool,
    actor: User | None,
    born_on: date | None = None,
    **reach: Unpack[Reach],
) -> Member:
    """An application for membership; who was refused, left or was expelled may apply again.

    They stay the same person on the register and keep their number, where they had one.
    Raises NameMissing, BylawsNotAccepted (another version than the one in force), AlreadyApplied.
    """
    _require_signed(name, bylaws_version)
    values = {"kind": kind, "consents_to_conversion": consents_to_conversion}
    member = _applicant(user, {"name": name.strip(), "address": address.strip(), **values}, actor)
    change_particulars(
        member_id=member.pk, name=name, address=address, born_on=born_on, actor=actor
    )
    if user is not None:
        change_contact(member_id=member.pk, actor=actor, **_reach(user, reach))
    elif reach:
        change_contact(member_id=member.pk, actor=actor, **reach)
    consent_to_bylaws(member_id=member.pk, version=bylaws_version, actor=actor)
    member.refresh_from_db()
    return member


def _require_signed(name: str, bylaws_version: str) -> None:
    if not name.strip():
        raise NameMissing
    ensure_bylaws()
    in_force = bylaws_in_force().version
    if bylaws_version != in_force:
        raise BylawsNotAccepted(version=in_force)


def _applicant(user: User | None, values: dict[str, Any], actor: User | None) -> Member:
    if user is None:
        return _newcomer(values, actor)
    # The user's row is the lock: two applications of one user cannot both find no member.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    member = Member.objects.filter(user=user).first()
    if member is None:
        return _newcomer({"user": user, **values}, actor)
    return _again(locked(member.pk), values, actor)


def _newcomer(values: dict[str, Any], actor: User | None) -> Member:
    member = Member.objects.create(**values)
    record(member, to=Member.State.APPLICANT, reason=MemberEvent.Reason.APPLICATION, actor=actor)
    return member


def _again(member: Member, values: dict[str, Any], actor: User | None) -> Member:
    if member.state not in MAY_APPLY:
        raise AlreadyApplied
    member = change_state(
        member_id=member.pk,
        to=Member.State.APPLICANT,
        reason=MemberEvent.Reason.APPLICATION,
        actor=actor,
    )
    member.kind = values["kind"]
    member.consents_to_conversion = values["consents_to_conversion"]
    member.applied_at = timezone.now()
    member.save(update_fields=["kind", "consents_to_conversion", "applied_at"])
    return member


def _reach(user: User, reach: Reach) -> Reach:
    return {"email": user.email, "language": user.language, **reach}


@transaction.atomic
def enrol_member(
    *,
    name: str,
    actor: User | None,
    user: User | None = None,
    consents_to_conversion: bool = True,
    kind: str = Member.Kind.PERSON,
    address: str = "",
) -> Member:
    """An application and its admission in one: for founding, the demo and simulations."""
    ensure_bylaws()
    member = apply(
        user=user,
        name=name,
        kind=kind,
        address=address,
        bylaws_version=bylaws_in_force().version,
        consents_to_conversion=consents_to_conversion,
        actor=actor,
    )
    return admit(member_id=member.pk, actor=actor)


@transaction.atomic
def set_conversion_consent(*, member_id: int, consents: bool, actor: User | None) -> Member:
    """Give or withdraw the consent that paid profit becomes units."""
    member = locked(member_id)
    member.consents_to_conversion = consents
    member.save(update_fields=["consents_to_conversion"])
    return member
