"""Founding the cooperative, and the users who can sign in."""

from typing import NotRequired, TypedDict, Unpack

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from ledger.services import ensure_commodity
from members.errors import AddressTaken, AlreadyFounded
from members.models import Cooperative, User
from members.services.agreement import ensure_bylaws
from signing import keys

CENT_EXPONENT = 2


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
    """The one cooperative of this site, with its currency in the books and its first bylaws.

    Founding the same one again returns it. Raises AlreadyFounded for another.
    """
    row, made = Cooperative.objects.get_or_create(
        pk=1, defaults={**charter, "public_key": keys.public_key().hex()}
    )
    if not made and (row.name, row.currency) != (charter["name"], charter["currency"]):
        raise AlreadyFounded(name=row.name)
    ensure_commodity(code=row.currency, kind="money", exponent=CENT_EXPONENT)
    ensure_bylaws()
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
