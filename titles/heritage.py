"""Named reads of estates."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import Pool
from assets.queries import pools
from ledger.models import Balance
from members.models import Member
from payments.services.prepaid import prepaid_balance
from titles.models import CreditLot, Inheritance, Title
from titles.queries import equity_credit, units_of


@dataclass(frozen=True)
class Left:
    """What a deceased member left in one pool: units, and cents of equity credit."""

    pool: Pool
    units: int
    credit: int


@dataclass(frozen=True)
class Estate:
    """What a deceased member left: by pool, and the prepaid money in cents."""

    member: Member
    parts: tuple[Left, ...]
    prepaid: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to pass on."""
        return not self.parts and self.prepaid <= 0


def estate_of(member: Member) -> Estate:
    """What is left of a member."""
    found = (Left(p, units_of(member, p), equity_credit(member, p)) for p in pools())
    parts = tuple(left for left in found if left.units or left.credit)
    return Estate(member, parts, prepaid_balance(member))


def estates_waiting() -> QuerySet[Member]:
    """Deceased members who still hold units or credit, by number."""
    live = Title.objects.filter(member=OuterRef("pk"), state=Title.State.LIVE)
    open_lot = Balance.objects.filter(account_id=OuterRef("account_id"), amount__lt=0)
    credit = CreditLot.objects.filter(Exists(open_lot), member=OuterRef("pk"))
    holds = Q(Exists(live)) | Q(Exists(credit))
    return Member.objects.filter(holds, state=Member.State.DECEASED).order_by("number")


def passed_on() -> QuerySet[Inheritance]:
    """Estates that went to their heirs, the newest first."""
    found = Inheritance.objects.select_related("deceased", "recorded_by")
    return found.prefetch_related("shares__heir").order_by("-pk")
