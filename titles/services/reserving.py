"""What a purchase must keep to, and the reservation itself with its charge."""

from datetime import date, timedelta

from django.utils import timezone

from assets.models import Pool
from assets.names import resource_name
from members.models import Member
from payments.models import Charge, ChargeLine
from payments.services import Line, raise_charge
from policies.queries import policy
from titles.errors import (
    AboveMaximum,
    BelowMinimum,
    BeyondCap,
    BeyondTreasury,
    CarriedTooMuch,
    NotAMember,
    NotInSteps,
    PoolClosed,
)
from titles.models import Subscription
from titles.queries import Terms


def require_possible(conditions: Terms, *, member: Member, pool: Pool, count: int) -> None:
    """Refuse a purchase that the rules do not allow, saying what is possible."""
    require_wish(conditions, member=member, pool=pool, count=count)
    if count > conditions.free:
        raise BeyondTreasury(possible=conditions.free)
    if count > conditions.room:
        occupied = conditions.held + conditions.reserved + conditions.linked
        raise BeyondCap(cap=conditions.cap, held=occupied, possible=conditions.room)


def require_wish(conditions: Terms, *, member: Member, pool: Pool, count: int) -> None:
    """Refuse what could not be bought although it were free: state, pool, size, steps."""
    if member.state != Member.State.ACTIVE:
        raise NotAMember(name=member.name)
    if conditions.carried is not None:
        name = resource_name(conditions.carried.resource)
        raise CarriedTooMuch(pool=pool.name, resource=name)
    if not conditions.is_open:
        raise PoolClosed(pool=pool.name)
    if count < conditions.minimum:
        raise BelowMinimum(minimum=conditions.minimum)
    if count > conditions.maximum:
        raise AboveMaximum(maximum=conditions.maximum)
    if count % conditions.step:
        raise NotInSteps(step=conditions.step)


def reserve(*, member: Member, pool: Pool, count: int, price: int, key: str) -> Subscription:
    """A reservation with its charge; the pool and the member are locked and all was checked."""
    charge = _charge_for(member, pool, count, price)
    return Subscription.objects.create(
        member=member, pool=pool, count=count, price=price, charge=charge, key=key
    )


def release_overdue(pool: Pool) -> None:
    """From the day after they were due, reservations keep no units from others; pool locked."""
    Subscription.objects.filter(
        pool=pool,
        state=Subscription.State.RESERVED,
        holds=True,
        charge__due__lt=timezone.localdate(),
    ).update(holds=False)


def _charge_for(member: Member, pool: Pool, count: int, price: int) -> Charge:
    line = Line(
        kind=ChargeLine.Kind.UNITS, fund=pool.code, quantity=count, rate=price, cost=count * price
    )
    return raise_charge(
        member=member,
        kind=Charge.Kind.SUBSCRIPTION,
        about=f"pool:{pool.code}",
        lines=[line],
        due=_due(pool),
    )


def _due(pool: Pool) -> date:
    days: int = policy("payment_days", timezone.now(), pool.code)
    return timezone.localdate() + timedelta(days=days)
