"""Payouts for tests, asked for as the services above payments do."""

import itertools

from django.db import transaction
from stdnum import iban as ibans

from ledger.invariants import INVARIANTS as OF_LEDGER
from ledger.services import Leg, Posting, post
from members.models import Member, Role, User
from members.services import grant_role
from payments.invariants import INVARIANTS as OF_PAYMENTS
from payments.models import Payout
from payments.queries import payout_digest
from payments.services import approve_payout, request_payout, set_bank_account
from tests.makers import account, make_member, make_user

_numbers = itertools.count(1)
THEIR_IBAN = "DE89370400440532013000"


def spanish_iban(number: int) -> str:
    """A valid IBAN of its own for each number."""
    body = f"{number:020}"
    return f"ES{ibans.calc_check_digits('ES00' + body)}{body}"


def make_treasurer(name: str = "Tomas") -> User:
    """A member's user who holds the office of treasurer."""
    user = make_user()
    make_member(name, user=user)
    grant_role(user=user, name=Role.Name.TREASURER, actor=None, source="founding")
    return user


def payee(name: str = "Paula", iban: str = THEIR_IBAN) -> Member:
    """A member with a bank account."""
    member = make_member(name)
    set_bank_account(member=member, holder=name, iban=iban, bic="", actor=member.user)
    return member


def owe(member: Member, amount: int = 12_345, *, key: str = "", back: bool = True) -> Payout:
    """A payout asked for, with the liability booked out of the growth fund's capital."""
    key = key or f"payout {next(_numbers)}"
    source = account("capital", "backbone")
    with transaction.atomic():
        payable = account("payable", f"member/{member.pk}")
        legs = [Leg(source, amount), Leg(payable, -amount)]
        post(Posting(source="test", key=key, kind="redemption", legs=legs))
        return request_payout(
            member=member,
            amount=amount,
            kind=Payout.Kind.REDEMPTION,
            about="3 shares of the backbone",
            purse_account_id=account("cash:growth", "pool/backbone"),
            key=key,
            actor=None,
            source_account_id=source if back else None,
        )


def approve(payout: Payout, *users: User) -> Payout:
    """The payout approved by these users, each of what is shown to them."""
    for user in users:
        payout = approve_payout(payout_id=payout.pk, digest=payout_digest(payout), actor=user)
    return payout


def books_wrong() -> list[str]:
    """What the invariants of the books and of payments find broken."""
    return [sentence for check in [*OF_LEDGER, *OF_PAYMENTS] for sentence in check()]
