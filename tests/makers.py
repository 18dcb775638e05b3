"""Data for tests, made through the services that the site itself uses."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from assets.models import Pool
from assets.services import create_pool, place_asset
from members.models import Cooperative, Member, Role, User
from members.services import enrol_member, found_cooperative, grant_role, register_user
from payments.models import Payment
from policies.services import set_policy
from titles.models import Subscription
from titles.services import accept_payment, subscribe

PASSWORD = "a long enough pass phrase"
IBAN = "ES9121000418450200051332"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
IN_SERVICE = date(2020, 1, 1)
_numbers = itertools.count(1)


def make_cooperative() -> Cooperative:
    """The cooperative of this test, founded on first use."""
    return found_cooperative(
        name="Valley Net",
        legal_name="Valley Net Cooperative",
        currency="EUR",
        timezone="Europe/Madrid",
        iban=IBAN,
    )


def make_user(email: str = "") -> User:
    """Somebody who can log in with PASSWORD."""
    address = email or f"user{next(_numbers)}@example.org"
    return register_user(email=address, password=PASSWORD)


def make_member(name: str = "Ana", *, user: User | None = None, consents: bool = True) -> Member:
    """An admitted member with a user of their own."""
    make_cooperative()
    user = user or make_user()
    return enrol_member(name=name, actor=None, user=user, consents_to_conversion=consents)


def make_steward(name: str = "Stella") -> User:
    """A member's user who holds the office of steward."""
    user = make_user()
    make_member(name, user=user)
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="founding")
    return user


def make_pool(code: str = "backbone", *, treasury: int = 0, price: int = 100) -> Pool:
    """A pool whose units cost `price` cents, with so many of them in its treasury."""
    make_cooperative()
    pool = create_pool(code=code, name=f"Valley {code}", actor=None)
    agree("issue_price", price, scope=code)
    if treasury:
        stock(pool, treasury, price=price)
    return pool


def stock(pool: Pool, units: int, *, price: int = 100) -> None:
    """Place an asset that brings so many units into the treasury."""
    place_asset(
        pool=pool,
        name="Hill mast",
        kind="mast",
        cost=units * price,
        in_service=IN_SERVICE,
        paid_from="grant",
        actor=None,
        key=f"stock {next(_numbers)}",
    )


def agree(key: str, value: Any, *, scope: str = "") -> None:
    """Put a policy in force from long ago."""
    set_policy(
        actor=None, key=key, value=value, scope=scope, valid_from=LONG_AGO, source="founding"
    )


def reserve(member: Member, pool: Pool, count: int) -> Subscription:
    """A purchase that waits for its payment."""
    key = f"reserve {next(_numbers)}"
    return subscribe(member=member, pool=pool, count=count, actor=member.user, key=key)


def pay(subscription: Subscription, *, received_on: date = date(2026, 6, 15)) -> Payment:
    """The payment for a purchase, accepted."""
    charge = subscription.charge
    return accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=received_on,
        actor=None,
        key=f"pay {charge.reference}",
    )


def buy(member: Member, pool: Pool, count: int) -> Subscription:
    """Units bought and paid."""
    subscription = reserve(member, pool, count)
    pay(subscription)
    subscription.refresh_from_db()
    return subscription
