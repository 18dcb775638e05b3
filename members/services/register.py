"""Every write of the register: founding, users, applications, admission, offices."""

from typing import Any, NotRequired, TypedDict, Unpack

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ledger.services import ensure_commodity
from members import bylaws
from members.errors import (
    AddressTaken,
    AlreadyApplied,
    AlreadyFounded,
    BylawsNotAccepted,
    NameMissing,
    NotAnApplicant,
    ReasonMissing,
    RoleNotHeld,
)
from members.models import Cooperative, Member, Role, User
from signing import keys

CENT_EXPONENT = 2
NEXT_NUMBER = """
UPDATE members_cooperative SET next_member_number = next_member_number + 1
WHERE id = 1 RETURNING next_member_number - 1"""


class Charter(TypedDict):
    """Who the cooperative is: names, currency, time zone, and the account that members pay to."""

    name: str
    legal_name: str
    currency: str
    timezone: str
    iban: NotRequired[str]
    bic: NotRequired[str]
    is_demo: NotRequired[bool]


@transaction.atomic
def found_cooperative(*, actor: User | None = None, **charter: Unpack[Charter]) -> Cooperative:
    """The one cooperative of this site, with its currency in the books.

    Founding the same one again returns it. Raises AlreadyFounded for another.
    """
    row, made = Cooperative.objects.get_or_create(
        pk=1, defaults={**charter, "public_key": keys.public_key().hex()}
    )
    if not made and (row.name, row.currency) != (charter["name"], charter["currency"]):
        raise AlreadyFounded(name=row.name)
    ensure_commodity(code=row.currency, kind="money", exponent=CENT_EXPONENT)
    return row


@transaction.atomic
def register_user(*, email: str, password: str, language: str = "en") -> User:
    """Somebody who can log in; raises AddressTaken, ValidationError for a weak password."""
    validate_password(password)
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, language=language)
    except IntegrityError as error:
        raise AddressTaken from error


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
) -> Member:
    """An application for membership; one that was refused may be made again.

    Raises NameMissing, BylawsNotAccepted (another version than the one in force), AlreadyApplied.
    """
    _require_signed(name, bylaws_version)
    values = {
        "name": name.strip(),
        "kind": kind,
        "address": address.strip(),
        "bylaws_version": bylaws_version,
        "consents_to_conversion": consents_to_conversion,
    }
    if user is None:
        return Member.objects.create(**values)
    # The user's row is the lock: two applications of one user cannot both find no member.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return _apply_as(user, values)


def _require_signed(name: str, bylaws_version: str) -> None:
    if not name.strip():
        raise NameMissing
    if bylaws_version != bylaws.VERSION:
        raise BylawsNotAccepted(version=bylaws.VERSION)


def _apply_as(user: User, values: dict[str, Any]) -> Member:
    member = Member.objects.select_for_update(no_key=True).filter(user=user).first()
    if member is None:
        return Member.objects.create(user=user, **values)
    if member.state != Member.State.REFUSED:
        raise AlreadyApplied
    for field, value in values.items():
        setattr(member, field, value)
    member.state, member.applied_at = Member.State.APPLICANT, timezone.now()
    member.save()
    return member


@transaction.atomic
def admit(*, member_id: int, actor: User | None) -> Member:
    """The applicant as an active member with the next number; a second call changes nothing.

    Numbers run 1, 2, 3 … without a gap: the counter's row stays locked until the number is
    committed or the counter is rolled back with it. Raises NotAnApplicant.
    """
    member = _locked(member_id)
    if member.state == Member.State.ACTIVE:
        return member
    _require_applicant(member)
    member.number = _next_number()
    member.state = Member.State.ACTIVE
    member.admitted_at = timezone.now()
    member.decided_by = actor
    member.save(update_fields=["number", "state", "admitted_at", "decided_by"])
    return member


@transaction.atomic
def refuse(*, member_id: int, reason: str, actor: User | None) -> Member:
    """The application refused, with the reason that the applicant reads.

    Refusing again changes nothing. Raises ReasonMissing, NotAnApplicant.
    """
    if not reason.strip():
        raise ReasonMissing
    member = _locked(member_id)
    if member.state == Member.State.REFUSED:
        return member
    _require_applicant(member)
    member.state, member.decided_by = Member.State.REFUSED, actor
    member.decision_reason = reason.strip()
    member.save(update_fields=["state", "decided_by", "decision_reason"])
    return member


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
    member = apply(
        user=user,
        name=name,
        kind=kind,
        address=address,
        bylaws_version=bylaws.VERSION,
        consents_to_conversion=consents_to_conversion,
        actor=actor,
    )
    return admit(member_id=member.pk, actor=actor)


@transaction.atomic
def set_conversion_consent(*, member_id: int, consents: bool, actor: User | None) -> Member:
    """Give or withdraw the consent that paid profit becomes units."""
    member = _locked(member_id)
    member.consents_to_conversion = consents
    member.save(update_fields=["consents_to_conversion"])
    return member


@transaction.atomic
def grant_role(*, user: User, name: str, actor: User | None, source: str) -> Role:
    """An office from now on; one that is held already stays as it is.

    `source` names the decision ("founding", "proposal:12").
    """
    role, _made = Role.objects.get_or_create(
        user=user, name=name, until=None, defaults={"since": timezone.now(), "source": source}
    )
    return role


@transaction.atomic
def end_role(*, user: User, name: str, actor: User | None, source: str) -> Role:
    """The office ended now; raises RoleNotHeld."""
    role = Role.objects.select_for_update().filter(user=user, name=name, until=None).first()
    if role is None:
        raise RoleNotHeld(user=user)
    role.until, role.ended_by = timezone.now(), source
    role.save(update_fields=["until", "ended_by"])
    return role


def _locked(member_id: int) -> Member:
    return Member.objects.select_for_update(no_key=True).get(pk=member_id)


def _require_applicant(member: Member) -> None:
    if member.state != Member.State.APPLICANT:
        raise NotAnApplicant(name=member.name, state=member.get_state_display())


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER)
        row = cursor.fetchone()
    if row is None:
        raise Cooperative.DoesNotExist
    number: int = row[0]
    return number
