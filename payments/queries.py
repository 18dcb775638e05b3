"""Named reads of charges and payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from ledger.queries import balance
from members.models import Member
from payments.models import (
    OWED_KINDS,
    Charge,
    Mail,
    Mandate,
    MemberDefault,
    Payment,
    Payout,
    Reminder,
    ReminderStop,
)
from payments.services.mails import MOST_FAILURES
from payments.services.payouts import TO_APPROVE, current_account, digest_of


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
        owed_from_the_start = charge.kind in OWED_KINDS
        if owed_from_the_start:
            day = timezone.localtime(charge.created_at).date()
            found.append(Event(day, charge.created_at, charge, charge.amount, 0))
        if payment is not None:
            charged = 0 if owed_from_the_start else payment.amount
            booked = payment.recorded_at
            found.append(Event(payment.received_on, booked, charge, charged, payment.amount))
        if owed_from_the_start and charge.state == Charge.State.CANCELLED:
            found += _written_off(charge)
    return found


def _written_off(charge: Charge) -> list[Event]:
    """That a charge is not asked for any more; what a prepaid balance covered of it was paid."""
    row = getattr(charge, "write_off", None)
    if row is None:
        return []
    day, less = timezone.localdate(row.at), row.covered - charge.amount
    return [Event(day, row.at, charge, less, row.covered)]


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


def members_in_default() -> QuerySet[Member]:
    """Members who did not pay a charge after every step of reminding, and still have not.

    A charge that is disputed or paused since does not count as long as it is held.
    """
    return Member.objects.filter(pk__in=defaults_in_force().values("member_id")).order_by("number")


def defaults_in_force() -> QuerySet[MemberDefault]:
    """The defaults whose charge is open and not held, the longest first."""
    last = ReminderStop.objects.filter(charge_id=OuterRef("charge_id")).order_by("-pk")
    return (
        MemberDefault.objects.filter(charge__state=Charge.State.OPEN)
        .annotate(stop=Subquery(last.values("kind")[:1]))
        .filter(Q(stop=None) | Q(stop=ReminderStop.Kind.RESUMED))
        .select_related("member", "charge")
        .order_by("since", "pk")
    )


def current_mandate(member: Member) -> Mandate | None:
    """The mandate of a member that holds, or None."""
    return Mandate.objects.filter(member=member, ended_at=None).first()


def payouts_of(member: Member) -> QuerySet[Payout]:
    """Every payout of a member with what happened to it, newest first."""
    found = Payout.objects.filter(member=member).select_related("account")
    return found.prefetch_related("events").order_by("-pk")


def payouts_waiting() -> QuerySet[Payout]:
    """Payouts that wait for treasurers, the oldest first, with who approved so far."""
    rows = Payout.objects.filter(state__in=TO_APPROVE).select_related("member", "account")
    return rows.prefetch_related("approvals__user__member").order_by("pk")


def payouts_approved() -> QuerySet[Payout]:
    """Payouts that two approved and no file holds yet, the oldest first."""
    rows = Payout.objects.filter(state=Payout.State.APPROVED).select_related("member", "account")
    return rows.order_by("pk")


def payouts_ordered() -> QuerySet[Payout]:
    """Payouts that stand in a file and were not confirmed yet, the oldest first."""
    rows = Payout.objects.filter(state=Payout.State.ORDERED).select_related("member", "account")
    return rows.order_by("pk")


def disputed_charges() -> QuerySet[Charge]:
    """Open charges that their members dispute and no treasurer has answered yet."""
    last = ReminderStop.objects.filter(charge_id=OuterRef("pk")).order_by("-pk")
    return (
        Charge.objects.filter(state=Charge.State.OPEN)
        .annotate(stop=Subquery(last.values("kind")[:1]))
        .filter(stop=ReminderStop.Kind.DISPUTED)
        .select_related("member")
        .order_by("due", "pk")
    )


def payouts_done() -> QuerySet[Payout]:
    """Payouts that were executed or cancelled, the latest first."""
    states = (Payout.State.EXECUTED, Payout.State.CANCELLED)
    return Payout.objects.filter(state__in=states).select_related("member").order_by("-pk")


def unsure_mails() -> QuerySet[Mail]:
    """Letters that may or may not have gone, and those the mail server keeps refusing."""
    long_ago = timezone.now() - timedelta(minutes=10)
    claimed = Q(claimed_at__lt=long_ago) | Q(failures__gte=MOST_FAILURES)
    rows = Mail.objects.filter(claimed, sent_at=None).defer("file")
    return rows.select_related("member").order_by("pk")


def overdue_charges(today: date) -> QuerySet[Charge]:
    """Owed charges past their day, the longest overdue first, with their last step and stop."""
    steps = Reminder.objects.filter(charge_id=OuterRef("pk")).order_by("-step")
    stops = ReminderStop.objects.filter(charge_id=OuterRef("pk")).order_by("-pk")
    return (
        Charge.objects.filter(state=Charge.State.OPEN, kind=Charge.Kind.PERIOD, due__lt=today)
        .select_related("member")
        .annotate(
            step=Subquery(steps.values("step")[:1]),
            stepped_on=Subquery(steps.values("taken_on")[:1]),
            stop=Subquery(stops.values("kind")[:1]),
            stop_reason=Subquery(stops.values("reason")[:1]),
        )
        .order_by("due", "pk")
    )
