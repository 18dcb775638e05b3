"""Putting a statement together: opening, what happened, closing, and what is still to pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import QuerySet

from ledger.queries import balance
from members.models import Member
from payments.models import OWED_KINDS, Charge, Payout
from payments.queries import StatementLine, charges_of, statement_of


@dataclass(frozen=True)
class MemberStatement:
    """One member's statement from `start` to `end`, both included; None is from the beginning
    or up to now.

    Amounts are cents. `opening` and `closing` are what the member owed then (negative: paid
    ahead); `lines` are newest first. `prepaid` is the prepaid balance and `open` what is still
    to be paid, both as of now; `payouts` were paid out in that time.
    """

    member: Member
    start: date | None
    end: date | None
    opening: int
    closing: int
    lines: Sequence[StatementLine]
    prepaid: int
    payouts: Sequence[Payout]
    open: Sequence[Charge]

    @property
    def charged(self) -> int:
        """Cents charged in that time."""
        return sum(line.charged for line in self.lines)

    @property
    def paid(self) -> int:
        """Cents paid in that time."""
        return sum(line.paid for line in self.lines)


def member_statement(
    member: Member, start: date | None = None, end: date | None = None
) -> MemberStatement:
    """The statement of a member for some time; opening + charged - paid = closing."""
    everything = statement_of(member)
    upto = [line for line in everything if end is None or line.day <= end]
    before = [line for line in upto if start is not None and line.day < start]
    lines = upto[: len(upto) - len(before)]
    return MemberStatement(
        member=member,
        start=start,
        end=end,
        opening=before[0].balance if before else 0,
        closing=upto[0].balance if upto else 0,
        lines=lines,
        prepaid=-balance(settings.COOP_CURRENCY, "prepaid", f"member/{member.pk}"),
        payouts=list(_payouts(member, start, end)),
        open=list(charges_of(member).filter(state=Charge.State.OPEN, kind__in=OWED_KINDS)),
    )


def _payouts(member: Member, start: date | None, end: date | None) -> QuerySet[Payout]:
    done = Payout.objects.filter(member=member, state=Payout.State.EXECUTED)
    if start is not None:
        done = done.filter(executed_on__gte=start)
    if end is not None:
        done = done.filter(executed_on__lte=end)
    return done.order_by("-executed_on", "-pk")
