"""Named reads of ownership."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from assets.accounts import unit_code
from assets.models import Pool, Resource
from assets.queries import capacity_at, cost_at, resources_of, total_units, treasury_units
from ledger.models import Balance
from ledger.queries import balance
from members.models import Member
from policies.queries import policy
from titles import certificate
from titles.carried import Carried, carried_too_much
from titles.conversion import cap_units
from titles.models import CreditLot, Subscription, Title, WaitingPlace


@dataclass(frozen=True)
class LotLeft:
    """What is left of one lot of equity credit, in cents."""

    lot: CreditLot
    left: int

    @property
    def is_ahead(self) -> bool:
        """Whether it was paid ahead for one planned thing, and waits for that alone."""
        return self.lot.period.startswith("c")

    @property
    def campaign_id(self) -> int:
        """The campaign that it was paid ahead for; 0 for ordinary credit."""
        return int(self.lot.period[1:]) if self.is_ahead else 0


@dataclass(frozen=True)
class Terms:
    """On what terms a member can buy into a pool now: cents per unit, the rest in units.

    `reserved` are units that the member has coming; `linked` what members linked with them hold
    and have coming, which counts under the same cap. A purchase is a multiple of `step`.
    `carried` is what closes the pool although a decision holds it open.
    """

    price: int
    minimum: int
    maximum: int
    step: int
    cap: int
    held: int
    reserved: int
    linked: int
    free: int
    is_open: bool
    carried: Carried | None = None

    @property
    def room(self) -> int:
        """Units that the cap leaves this member, reservations and linked members counted."""
        return max(0, self.cap - self.held - self.reserved - self.linked)

    @property
    def possible(self) -> int:
        """The largest purchase that can be made now; 0 where none can."""
        most = min(self.room, self.free, self.maximum)
        most -= most % self.step
        return most if self.is_open and most >= self.minimum else 0

    @property
    def first(self) -> int:
        """The smallest number that is a purchase: a multiple of the step, not below the minimum."""
        return -(-self.minimum // self.step) * self.step


def units_of(member: Member, pool: Pool) -> int:
    """Units of a pool that a member holds."""
    return balance(unit_code(pool), "holding", f"member/{member.pk}")


def holdings(pool: Pool) -> dict[int, int]:
    """Units of a pool by member id, those above zero."""
    rows = Balance.objects.filter(
        account__commodity__code=unit_code(pool), account__kind="holding", amount__gt=0
    ).values_list("account__owner", "amount")
    return {int(owner.removeprefix("member/")): amount for owner, amount in rows}


def titles_of(member: Member) -> QuerySet[Title]:
    """A member's titles with their pools, by number."""
    return Title.objects.filter(member=member).select_related("pool").order_by("number")


def title_by_number(number: int) -> Title | None:
    """The title with a number, or None."""
    return Title.objects.select_related("pool", "member").filter(number=number).first()


def facts_of(title: Title) -> dict[str, Any]:
    """What a title's signed document says."""
    return certificate.unverified(bytes(title.envelope))


def is_live(title: Title) -> bool:
    """Whether a title stands for units today."""
    return title.state == Title.State.LIVE


def credit_lots(member: Member, pool: Pool) -> list[LotLeft]:
    """A member's lots of equity credit in a pool with what is left of each, oldest first."""
    lots = CreditLot.objects.filter(member=member, pool=pool).order_by("period")
    left = amounts_of([lot.account_id for lot in lots])
    return [LotLeft(lot, -left[lot.account_id]) for lot in lots]


def equity_credit(member: Member, pool: Pool) -> int:
    """Cents that a member paid in and that are not units yet."""
    return sum(lot.left for lot in credit_lots(member, pool))


def free_credit(member: Member, pool: Pool) -> int:
    """Cents of a member's credit that no campaign keeps for one planned thing."""
    return sum(lot.left for lot in credit_lots(member, pool) if not lot.is_ahead)


def amounts_of(account_ids: list[int]) -> Mapping[int, int]:
    """Balances by account id."""
    rows = Balance.objects.filter(account_id__in=account_ids)
    return dict(rows.values_list("account_id", "amount"))


def open_reservations(pool: Pool) -> QuerySet[Subscription]:
    """Reservations that still hold units: not paid, not let go, not past their due day."""
    return Subscription.objects.filter(
        pool=pool,
        state=Subscription.State.RESERVED,
        holds=True,
        charge__due__gte=timezone.localdate(),
    )


def promised_units(pool: Pool) -> int:
    """Treasury units that are kept for somebody: open reservations, offers to those who wait."""
    reserved = open_reservations(pool).aggregate(n=Sum(F("count")))["n"] or 0
    offers = WaitingPlace.objects.filter(pool=pool, state=WaitingPlace.State.OFFERED)
    return reserved + (offers.aggregate(n=Sum("offered"))["n"] or 0)


def free_units(pool: Pool) -> int:
    """Treasury units that are kept for nobody."""
    return max(0, treasury_units(pool) - promised_units(pool))


def holding_cap(pool: Pool) -> int:
    """Units of a pool that one member may hold at most now."""
    return cap_units(policy("holding_cap", timezone.now(), pool.code), total_units(pool))


def terms(pool: Pool, member: Member) -> Terms:
    """On what terms a member can buy into a pool now."""
    now, there = timezone.now(), standing(pool, member)
    carried = carried_too_much(pool, now)
    return Terms(
        price=policy("issue_price", now, pool.code),
        minimum=policy("purchase_minimum", now, pool.code),
        maximum=policy("purchase_maximum", now, pool.code),
        step=policy("purchase_step", now, pool.code),
        cap=holding_cap(pool),
        held=there.held,
        reserved=there.pending,
        linked=there.linked,
        free=free_units(pool),
        is_open=carried is None and policy("subscriptions_open", now, pool.code),
        carried=carried,
    )


@dataclass(frozen=True)
class Standing:
    """Units of a pool that count under a member's cap: held, coming, those of linked members."""

    held: int
    pending: int
    linked: int

    @property
    def total(self) -> int:
        """All that counts."""
        return self.held + self.pending + self.linked


STANDING = """
SELECT coalesce(sum(held) FILTER (WHERE member_id = %(member)s), 0),
       coalesce(sum(pending) FILTER (WHERE member_id = %(member)s), 0),
       coalesce(sum(held + pending) FILTER (WHERE member_id <> %(member)s), 0)
FROM titles_position
WHERE pool_id = %(pool)s AND member_id IN (SELECT titles_linked(%(member)s))"""


def standing(pool: Pool, member: Member) -> Standing:
    """What counts under a member's cap in a pool now."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"member": member.pk, "pool": pool.pk})
        held, pending, linked = cursor.fetchone() or (0, 0, 0)
    return Standing(int(held), int(pending), int(linked))


def subscriptions_of(member: Member) -> QuerySet[Subscription]:
    """A member's purchases, the newest first."""
    return (
        Subscription.objects.filter(member=member)
        .select_related("pool", "charge", "title")
        .order_by("-pk")
    )


def waiting_subscriptions() -> QuerySet[Subscription]:
    """Purchases that wait for their payment, oldest first."""
    return (
        Subscription.objects.filter(state=Subscription.State.RESERVED)
        .select_related("member", "pool", "charge")
        .order_by("pk")
    )


@dataclass(frozen=True)
class YieldShare:
    """What so many units of a pool bring of one resource per period, and their part of its cost.

    Millitokens and cents, rounded down: what a period really issues and costs is fixed when it
    opens.
    """

    resource: Resource
    tokens: int
    cost: int


def yields_for(pool: Pool, count: int) -> list[YieldShare]:
    """What `count` units of a pool bring per period at today's capacity and cost."""
    today, units = timezone.localdate(), total_units(pool)
    costs = cost_at(pool, today)
    if units == 0:
        return []
    return [
        YieldShare(
            resource=resource,
            tokens=capacity_at(pool, resource, today)[0] * count // units,
            cost=costs.get(resource.code, 0) * count // units,
        )
        for resource in resources_of(pool)
    ]
