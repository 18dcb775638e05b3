"""Closing a period in named steps, each one transaction, each once.

settle: the actual cost is booked and the final rates are known · match: overage meets surplus ·
charge: everybody's cost and purchases become charges · expire: what is left of the tokens ends ·
convert: paid profit becomes units and titles · open: the next period begins.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from assets.errors import BelowDepreciation
from assets.models import Pool
from assets.services import run_depreciation
from ledger.models import Commodity, Entry, Transaction
from members.models import Member, User
from payments.models import Charge
from titles.services.credit import convert_credit
from tokens.calendar import counted_in, exact, next_code, next_end, part_of_month
from tokens.errors import PeriodNotOver, StepOutOfOrder
from tokens.models import CloseStep, Period, Yield
from tokens.plan import scaled
from tokens.services.charging import charge_period
from tokens.services.clearing import end_auctions
from tokens.services.loans import end_loans
from tokens.services.period import open_period
from tokens.services.settle import sort_in_memory
from tokens.services.settlement import expire_yield, match_yield, settle_yield

STEPS = ("settle", "match", "charge", "expire", "convert", "open")
Actual = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Order:
    """What a step is asked to do: `actual` cents by (pool, resource) where not as budgeted."""

    period: Period
    actor: User | None
    at: datetime
    early: bool = False
    actual: Actual = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """What one transaction moves on all accounts of one kind together."""

    commodity: Commodity
    account: str
    amount: int
    entries: int


@dataclass(frozen=True)
class Booked:
    """One transaction in short."""

    kind: str
    memo: str
    moves: list[Move]


@dataclass(frozen=True)
class Preview:
    """What a step would book, taken back again: also who would be charged what, in cents."""

    summary: dict[str, Any]
    postings: list[Booked]
    charges: list[tuple[Member, int]]


@transaction.atomic
def run_step(
    *,
    period_id: int,
    step: str,
    actor: User | None,
    at: datetime | None = None,
    early: bool = False,
    actual: Actual | None = None,
) -> CloseStep:
    """Do one step of a close; a step that is done gives its row again and changes nothing.

    `at` is the moment of closing (default now); before the period's end it needs `early`, which
    ends the period at that moment. Raises StepOutOfOrder, PeriodNotOver.
    """
    list(Pool.objects.select_for_update(no_key=True).order_by("pk"))
    period = Period.objects.select_for_update().get(pk=period_id)
    done = CloseStep.objects.filter(period=period, name=step).first()
    if done is not None:
        return done
    expected = next_step(period)
    if step != expected:
        raise StepOutOfOrder(next=expected or "—", asked=step)
    order = Order(period, actor, at or timezone.now(), early, actual or {})
    sort_in_memory()
    before = newest_transaction()
    summary = ACTIONS[step](order)
    return CloseStep.objects.create(
        period=period, name=step, actor=actor, summary=summary, transactions=booked_here(before)
    )


def next_step(period: Period) -> str | None:
    """The first step of a period's close that is not done; None after the last.

    A period that follows already, however it was opened, leaves nothing to open.
    """
    done = set(CloseStep.objects.filter(period=period).values_list("name", flat=True))
    if Period.objects.filter(start__gte=period.end).exists():
        done.add("open")
    return next((step for step in STEPS if step not in done), None)


def preview_step(
    *,
    period_id: int,
    step: str,
    actor: User | None,
    at: datetime | None = None,
    early: bool = False,
    actual: Actual | None = None,
) -> Preview:
    """Exactly what `run_step` would book: it is run, read, and taken back."""
    with transaction.atomic():
        row = run_step(
            period_id=period_id, step=step, actor=actor, at=at, early=early, actual=actual
        )
        preview = Preview(row.summary, booked(row.transactions), charged(row))
        transaction.set_rollback(True)
    return preview


def charged(row: CloseStep) -> list[tuple[Member, int]]:
    """The members that a step has charged, by number, and how much."""
    if row.name != "charge":
        return []
    found = Charge.objects.filter(about=f"period:{row.period.code}").select_related("member")
    return [(charge.member, charge.amount) for charge in found.order_by("member__number")]


def newest_transaction() -> int:
    """The id of the newest transaction of the books that can be seen; 0 where there is none."""
    return Transaction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def booked_here(after: int) -> list[int]:
    """The ids beyond `after` of what this database transaction has written to the books."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ledger_transaction WHERE id > %s AND xid = pg_current_xact_id()"
            " ORDER BY id",
            [after],
        )
        return [row[0] for row in cursor.fetchall()]


def booked(ids: Sequence[int]) -> list[Booked]:
    """Transactions in their order, each with the sums that it moves per account kind."""
    moves = _moves(ids)
    found = Transaction.objects.filter(pk__in=ids).order_by("pk")
    return [Booked(txn.kind, txn.memo, moves[txn.pk]) for txn in found]


def _moves(ids: Sequence[int]) -> dict[int, list[Move]]:
    """Sums by transaction, added up by the database: a step moves millions of entries."""
    commodities = Commodity.objects.in_bulk()
    sums = (
        Entry.objects.filter(txn__in=ids)
        .order_by("txn", "commodity__code", "account__kind")
        .values_list("txn", "commodity", "account__kind")
        .annotate(moved=Sum("amount"), entries=Count("*"))
    )
    found: dict[int, list[Move]] = defaultdict(list)
    for txn_id, commodity_id, kind, amount, entries in sums:
        found[txn_id].append(Move(commodities[commodity_id], kind, int(amount), entries))
    return found


def _settle(order: Order) -> dict[str, Any]:
    """Stop the period and book what it did cost; ended early, the budget counts in part."""
    period, ran = order.period, Fraction(1)
    end_auctions(period, order.at, order.actor)
    end_loans(period, order.actor)
    if order.at < period.end:
        if not order.early:
            raise PeriodNotOver(code=period.code, end=timezone.localtime(period.end).date())
        planned = exact(period.end - period.start)
        period.end = max(order.at, period.start + timedelta(microseconds=1))
        ran = exact(period.end - period.start) / planned
    period.state = Period.State.CLOSING
    period.save(update_fields=["state", "end"])

    written_off = _written_off(order)

    def settle(row: Yield, actor: AbstractBaseUser | None) -> dict[str, Any]:
        place = row.pool.code, row.resource.code
        lost = written_off.get(place, 0)
        named = order.actual.get(place)
        if named is not None and named < lost:
            raise BelowDepreciation(pool=row.pool.name, resource=row.resource.name, amount=lost)
        actual = max(scaled(row.cost, ran), lost) if named is None else named
        return settle_yield(row, actual, actor)

    return _each_yield(order, settle)


def _written_off(order: Order) -> dict[tuple[str, str], int]:
    """Write the pools' assets off: cents that are cost of the period, by pool and resource."""
    period = order.period
    days = [timezone.localtime(moment).date() for moment in (period.start, period.end)]
    found: dict[tuple[str, str], int] = {}
    for pool in Pool.objects.filter(yields__period=period).distinct().order_by("pk"):
        yielded = Yield.objects.filter(period=period, pool=pool)
        costs = run_depreciation(
            pool=pool,
            resources=set(yielded.values_list("resource__code", flat=True)),
            start=days[0],
            end=days[1],
            run=f"period:{period.code}",
            counted_at=counted_in(period),
            actor=order.actor,
        )
        found |= {(pool.code, code): amount for code, amount in costs.items()}
    return found


def _match(order: Order) -> dict[str, Any]:
    return _each_yield(order, match_yield)


def _charge(order: Order) -> dict[str, Any]:
    return charge_period(order.period, order.actor, order.at)


def _expire(order: Order) -> dict[str, Any]:
    return _each_yield(order, expire_yield)


def _each_yield(
    order: Order,
    action: Callable[[Yield, AbstractBaseUser | None], dict[str, Any]],
) -> dict[str, Any]:
    found = Yield.objects.filter(period=order.period).select_related("pool", "resource", "period")
    return {"yields": [action(row, order.actor) for row in found.order_by("pk")]}


def _convert(order: Order) -> dict[str, Any]:
    """Turn paid profit into units, pool by pool; the period is closed with it."""
    period = order.period
    rounds = []
    for pool in Pool.objects.order_by("pk"):
        key = f"{period.code}:{pool.code}"
        made = convert_credit(pool=pool, period_code=period.code, actor=order.actor, key=key)
        rounds.append({"pool": pool.code, "units": 0 if made is None else made.units})
    period.state = Period.State.CLOSED
    period.closed_at = timezone.now()
    period.save(update_fields=["state", "closed_at"])
    return {"pools": rounds}


def _open(order: Order) -> dict[str, Any]:
    """Open the period that follows; it issues to the holders of now."""
    start = order.period.end
    opened = open_period(
        start=start,
        end=next_end(start),
        code=next_code(start),
        actor=order.actor,
        part=part_of_month(start, next_end(start)),
    )
    issued = Yield.objects.filter(period=opened).select_related("pool", "resource")
    return {"period": opened.code, "yields": [_opened(row) for row in issued]}


def _opened(row: Yield) -> dict[str, Any]:
    return {
        "pool": row.pool.name,
        "resource": row.resource.code,
        "issued": row.issued,
        "budget": row.budget,
        "unit_cost": row.unit_cost,
        "price": row.price,
        "cost": row.cost,
        "stated_cost": row.stated_cost,
        "budget_source": row.budget_source,
    }


ACTIONS: dict[str, Callable[[Order], dict[str, Any]]] = {
    "settle": _settle,
    "match": _match,
    "charge": _charge,
    "expire": _expire,
    "convert": _convert,
    "open": _open,
}
