"""Named reads of charges and payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from ledger.queries import balance
from members.models import Member
from payments.models import Charge, Payment, Payout
from payments.services.payouts import current_account, digest_of


@dataclass(frozen=True)
class StatementLine:
    """One thing that happened between a member and the cooperative.

    `charged` and `paid` are cents, one of them zero or both equal; `balance` is what the member
    owed after it (negative: what was paid ahead).
    """

    day: date
    charge: Charge
    charged: int
    paid: int
    balance: int


class Event(NamedTuple):
    """A charge or its payment: the day it counts, the moment it was booked, cents."""

    day: date
    booked: datetime
    charge: Charge
    charged: int
    paid: int


def charges_of(member: Member) -> QuerySet[Charge]:
    """Every charge of a member with its lines and payment, newest first."""
    return (
        Charge.objects.filter(member=member)
        .select_related("payment")
        .prefetch_related("lines")
        .order_by("-created_at", "-pk")
    )


def open_charges() -> QuerySet[Charge]:
    """What waits for money, the longest due first."""
    return (
        Charge.objects.filter(state=Charge.State.OPEN)
        .select_related("member")
        .order_by("due", "pk")
    )


def charge_by_reference(reference: str) -> Charge | None:
    """The charge with a reference, written compactly, or None."""
    return Charge.objects.filter(reference=reference).first()


def payments_received() -> QuerySet[Payment]:
    """Money that arrived, the newest first."""
    return Payment.objects.select_related("charge__member", "recorded_by").order_by("-pk")


def owed_by(member: Member) -> int:
    """Cents that the books say a member owes."""
    return balance(settings.COOP_CURRENCY, "receivable", f"member/{member.pk}")


def statement_of(member: Member) -> list[StatementLine]:
    """Everything charged to and paid by a member, newest first, with what was owed after it.

    Shares appear when they are paid: before that nothing is owed for them.
    """
    return running(events(list(charges_of(member))))


def events(charges: Sequence[Charge]) -> list[Event]:
    """What happened with each charge, unsorted."""
    found = []
    for charge in charges:
        payment = getattr(charge, "payment", None)
        owed_from_the_start = charge.kind == Charge.Kind.PERIOD
        if owed_from_the_start:
            day = timezone.localtime(charge.created_at).date()
            found.append(Event(day, charge.created_at, charge, charge.amount, 0))
        if payment is not None:
            charged = 0 if owed_from_the_start else payment.amount
            booked = payment.recorded_at
            found.append(Event(payment.received_on, booked, charge, charged, payment.amount))
    return found


def running(happened: Sequence[Event]) -> list[StatementLine]:
    """The lines newest first, each with the sum up to it."""
    owed, statement = 0, []
    for event in sorted(happened, key=lambda e: (e.day, e.booked)):
        owed += event.charged - event.paid
        line = StatementLine(event.day, event.charge, event.charged, event.paid, owed)
        statement.append(line)
    return statement[::-1]


def payout_digest(payout: Payout) -> str:
    """What a treasurer approves of a payout as it stands now; "" while no account is named."""
    account = current_account(payout.member_id)
    return "" if account is None else digest_of(payout, account)
