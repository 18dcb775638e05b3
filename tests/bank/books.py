"""What tests of the desk ask of the books."""

from datetime import date

from django.db import transaction
from django.db.models import Sum

from assets.models import Pool
from bank.invariants import INVARIANTS
from ledger.models import Balance
from ledger.services import Leg, Posting, post
from members.models import Member
from payments.models import Charge, ChargeLine
from payments.services import Line as ChargeLineOf
from payments.services import raise_charge
from tests import makers


def all_wrong() -> list[str]:
    """What the invariants of the bank and of every app below it find broken."""
    return [s for check in INVARIANTS for s in check()] + makers.all_wrong()


def balance_of(kind: str, owner: str | None = None) -> int:
    """The sum of all accounts of a kind, or of the one of an owner."""
    rows = Balance.objects.filter(account__kind=kind, account__commodity__code="EUR")
    if owner is not None:
        rows = rows.filter(account__owner=owner)
    return rows.aggregate(n=Sum("amount"))["n"] or 0


def own_charge(
    member: Member, pool: Pool, *, cost: int, profit: int = 0, code: str = "2026-06"
) -> Charge:
    """A period's charge, owed in the books."""
    if profit:
        return makers.charge_period(member, pool, cost=cost, profit=profit, code=code)
    legs = [
        Leg(makers.account("receivable", f"member/{member.pk}"), cost),
        Leg(makers.account("cost_income", f"{pool.code}/bandwidth"), -cost),
    ]
    with transaction.atomic():
        post(Posting(source="test", key=f"{code} {member.pk}", kind="charged", legs=legs))
        line = ChargeLineOf(
            kind=ChargeLine.Kind.OWN, fund=pool.code, resource="bandwidth",
            quantity=cost * 10, rate=10**8, cost=cost,
        )  # fmt: skip
        return raise_charge(
            member=member,
            kind=Charge.Kind.PERIOD,
            about=f"period:{code}",
            lines=[line],
            due=date(2026, 7, 15),
        )
