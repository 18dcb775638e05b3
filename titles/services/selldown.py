"""Sell-down on default: notices first, then shares against the debt, the oldest first."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from assets.models import Pool
from members.models import Member, User
from payments.queries import members_in_default, owed_by
from payments.services import prepaid_balance
from payments.services.mails import put_down
from policies.queries import policy
from titles import exit_queries as queries
from titles.exit_letters import step_letter
from titles.models import SellDown, SellDownStep, Title
from titles.queries import units_of
from titles.redeeming import Price, least_that
from titles.services.giving_back import Return, cost_shares, for_charges, take_back, units_back
from titles.services.locks import lock_member, lock_pools
from titles.services.prepaid import settle_within

State, What = SellDown.State, SellDownStep.What


def sweep_defaults(*, at: datetime) -> int:
    """The next step, where it is due, for everybody in default or under notice; how many steps."""
    under_notice = Member.objects.filter(selldowns__state=State.NOTICED)
    found = set(members_in_default().values_list("pk", flat=True))
    found |= set(under_notice.values_list("pk", flat=True))
    steps = [advance_default(member_id=pk, at=at, actor=None) for pk in sorted(found)]
    return sum(step is not None for step in steps)


@transaction.atomic(durable=True)
def advance_default(*, member_id: int, at: datetime, actor: User | None) -> SellDownStep | None:
    """The next step of a member's default, if its day has come; told to the member.

    First as many notices as the policy says, then the shares. Paying, or an end of the default,
    ends it. None where nothing is due, or where the member holds nothing that could be sold.
    """
    # The debt may be for any pool, and shares of any pool may go against it.
    pools = lock_pools(set(Pool.objects.values_list("code", flat=True)))
    member = lock_member(member_id)
    current = SellDown.objects.filter(member=member, state=State.NOTICED).first()
    if debt_of(member) <= 0 or not members_in_default().filter(pk=member.pk).exists():
        return _end(current, at) if current else None
    if current is None:
        if not any(units_of(member, pool) for pool in pools.values()):
            return None
        return _notice(SellDown.objects.create(member=member, began_at=at), at)
    return _go_on(current, list(pools.values()), at, actor)


def debt_of(member: Member) -> int:
    """Cents that a member owes beyond what they paid ahead."""
    return owed_by(member) - prepaid_balance(member.pk)


def _go_on(
    selldown: SellDown, pools: list[Pool], at: datetime, actor: User | None
) -> SellDownStep | None:
    last = selldown.steps.order_by("-number")[0]
    if last.next_on is not None and timezone.localtime(at).date() < last.next_on:
        return None
    if last.number < policy("default_notices", at):
        return _notice(selldown, at)
    return _sell(selldown, pools, at, actor)


def _notice(selldown: SellDown, at: datetime) -> SellDownStep:
    days: int = policy("default_notice_days", at)
    due = timezone.localtime(at).date() + timedelta(days=days)
    return _step(selldown, What.NOTICE, at, owed=debt_of(selldown.member), next_on=due)


def _end(selldown: SellDown, at: datetime) -> SellDownStep:
    _close(selldown, State.ENDED, at)
    return _step(selldown, What.ENDED, at, owed=max(0, debt_of(selldown.member)))


def _sell(
    selldown: SellDown, pools: list[Pool], at: datetime, actor: User | None
) -> SellDownStep | None:
    """Units of the pool of the oldest title first, then of the next, as far as the debt goes."""
    member, owed = selldown.member, debt_of(selldown.member)
    for pool in _oldest_first(member, pools):
        _sell_of(selldown, pool, at, actor)
    sold = list(selldown.redemptions.all())
    if not sold:
        return None
    settle_within(member_id=member.pk, actor=actor)
    _close(selldown, State.SOLD, at)
    units, amount = sum(row.units for row in sold), sum(row.set_off for row in sold)
    return _step(selldown, What.SOLD, at, owed=owed, units=units, amount=amount)


def _oldest_first(member: Member, pools: list[Pool]) -> list[Pool]:
    live = Title.objects.filter(member=member, state=Title.State.LIVE).values("pool_id")
    first = dict(live.annotate(first=Min("number")).values_list("pool_id", "first"))
    return sorted((pool for pool in pools if pool.pk in first), key=lambda p: first[p.pk])


def _sell_of(selldown: SellDown, pool: Pool, at: datetime, actor: User | None) -> None:
    member, price = selldown.member, queries.quote(pool, at).price
    debt = debt_of(member)
    units = _units_against(debt, pool, member, price, queries.limit(pool, at).cash)
    if not units:
        return
    gross = units * price.per_unit
    shares = cost_shares(pool, units, gross)
    item = Return(
        member=member,
        key=f"selldown:{selldown.pk}:{pool.pk}",
        price=price.per_unit,
        nominal=units * price.issue_price,
        gross=gross,
        chosen=units_back(pool=pool, member=member, units=units, numbers=None),
        shares=shares,
        settles=for_charges(member, gross - sum(shares.values()), owed_by(member)),
    )
    take_back(pool=pool, returns=[item], at=at, actor=actor, selldown=selldown)


def _units_against(debt: int, pool: Pool, member: Member, price: Price, cash: int) -> int:
    """So many units that what they bring covers the debt; never more than there are."""
    if debt <= 0 or not price.per_unit:
        return 0
    most = min(units_of(member, pool), cash // price.per_unit)

    def brings(units: int) -> int:
        gross = units * price.per_unit
        return gross - sum(cost_shares(pool, units, gross).values())

    return least_that(most, _covers(brings, debt))


def _covers(brings: Callable[[int], int], debt: int) -> Callable[[int], bool]:
    return lambda units: brings(units) >= debt


def _close(selldown: SellDown, state: str, at: datetime) -> None:
    selldown.state, selldown.ended_at = State(state), at
    selldown.save(update_fields=["state", "ended_at"])


def _step(
    selldown: SellDown,
    what: str,
    at: datetime,
    *,
    owed: int,
    next_on: date | None = None,
    units: int = 0,
    amount: int = 0,
) -> SellDownStep:
    """The step on record, with its letter in the same transaction."""
    step = SellDownStep.objects.create(
        selldown=selldown,
        number=selldown.steps.count() + 1,
        what=what,
        at=at,
        owed=owed,
        next_on=next_on,
        units=units,
        amount=amount,
    )
    put_down([step_letter(step)])
    return step
