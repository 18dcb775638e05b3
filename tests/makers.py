"""Data for tests, made through the services that the site itself uses."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from assets.services import create_pool, place_asset
from ledger.services import Leg, Posting, merge, open_account, post
from members.models import Cooperative, Member, Role, User
from members.services import enrol_member, found_cooperative, grant_role, register_user
from payments.models import Charge, ChargeLine, Payment
from payments.services import Line, raise_charge
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


def pay(subscription: Subscription, *, received_on: date | None = None) -> Payment:
    """The payment for a purchase, accepted; received today unless a day is given."""
    charge = subscription.charge
    return accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=received_on or timezone.localdate(),
        actor=None,
        key=f"pay {charge.reference}",
    )


def buy(member: Member, pool: Pool, count: int) -> Subscription:
    """Units bought and paid."""
    subscription = reserve(member, pool, count)
    pay(subscription)
    subscription.refresh_from_db()
    return subscription


def charge_period(member: Member, pool: Pool, *, cost: int, profit: int, code: str) -> Charge:
    """A period's charge as a close books it: owed, recovered cost, profit due."""
    amount = cost + profit
    legs = [
        Leg(account("receivable", f"member/{member.pk}"), amount),
        Leg(account("cost_income", f"{pool.code}/bandwidth"), -cost),
        Leg(account("profit_due", f"{pool.code}/member/{member.pk}"), -profit),
    ]
    key = f"{code} {member.pk} {pool.code}"
    with transaction.atomic():
        post(Posting(source="test", key=key, kind="charged", legs=merge(legs)))
        line = Line(
            kind=ChargeLine.Kind.PURCHASE,
            fund=pool.code,
            resource="bandwidth",
            quantity=120_000,
            rate=80_000_000,
            cost_rate=50_000_000,
            cost=cost,
            profit=profit,
        )
        return raise_charge(
            member=member,
            kind=Charge.Kind.PERIOD,
            about=f"period:{code}",
            lines=[line],
            due=date(2026, 7, 15),
        )


def account(kind: str, owner: str) -> int:
    """A money account by its name."""
    return open_account(commodity="EUR", kind=kind, owner=owner)


def earn_credit(member: Member, pool: Pool, cents: int, *, code: str, paid_in: str = "") -> None:
    """Equity credit from profit that was charged for a period and paid in it, or in another."""
    charge = charge_period(member, pool, cost=cents, profit=cents, code=code)
    accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=timezone.localdate(),
        actor=None,
        key=f"pay {charge.reference}",
        period_code=paid_in or code,
    )


def all_wrong() -> list[str]:
    """What the invariants of every lower app find broken."""
    from assets.invariants import INVARIANTS as OF_ASSETS
    from ledger.invariants import INVARIANTS as OF_LEDGER
    from members.invariants import INVARIANTS as OF_MEMBERS
    from payments.invariants import INVARIANTS as OF_PAYMENTS
    from titles.invariants import INVARIANTS as OF_TITLES

    checks = [*OF_LEDGER, *OF_MEMBERS, *OF_PAYMENTS, *OF_ASSETS, *OF_TITLES]
    return [sentence for check in checks for sentence in check()]
