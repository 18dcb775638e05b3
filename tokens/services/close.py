"""Closing a period in named steps, each one transaction, each once.

settle: the actual cost is booked and the final rates are known · match: overage meets surplus ·
charge: everybody's cost and purchases become charges · expire: what is left of the tokens ends ·
convert: paid profit becomes units and titles · open: the next period begins.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.models import Transaction
from members.models import User
from titles.services.credit import convert_credit
from tokens.calendar import next_code, next_end
from tokens.errors import PeriodNotOver, StepOutOfOrder
from tokens.models import CloseStep, Period, Yield
from tokens.services.charging import charge_period
from tokens.services.period import open_period
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
class Preview:
    """What a step would book: its summary and the ids of the transactions, taken back again."""

    summary: dict[str, Any]
    postings: list[dict[str, Any]]


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
    list(Pool.objects.select_for_update().order_by("pk"))
    period = Period.objects.select_for_update().get(pk=period_id)
    done = CloseStep.objects.filter(period=period, name=step).first()
    if done is not None:
        return done
    expected = next_step(period)
    if step != expected:
        raise StepOutOfOrder(next=expected or "—", asked=step)
    order = Order(period, actor, at or timezone.now(), early, actual or {})
    summary = ACTIONS[step](order)
    return CloseStep.objects.create(period=period, name=step, actor=actor, summary=summary)


def next_step(period: Period) -> str | None:
    """The first step of a period's close that is not done; None after the last."""
    done = set(CloseStep.objects.filter(period=period).values_list("name", flat=True))
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
        newest = Transaction.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        row = run_step(
            period_id=period_id, step=step, actor=actor, at=at, early=early, actual=actual
        )
        preview = Preview(row.summary, booked_since(newest))
        transaction.set_rollback(True)
    return preview


def booked_since(newest: int) -> list[dict[str, Any]]:
    """The transactions after an id, each with the sums that it moves per account kind."""
    found = Transaction.objects.filter(pk__gt=newest).order_by("pk")
    return [
        {"kind": txn.kind, "memo": txn.memo, "moves": _moves(txn)}
        for txn in found.prefetch_related("entries__account__commodity")
    ]


def _moves(txn: Transaction) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for entry in txn.entries.all():
        commodity = entry.account.commodity
        place = sums.setdefault((commodity.code, commodity.kind, entry.account.kind), [0, 0])
        place[0] += entry.amount
        place[1] += 1
    return [
        {"commodity": code, "commodity_kind": sort, "account": kind, "amount": n, "entries": count}
        for (code, sort, kind), (n, count) in sorted(sums.items())
    ]


def _settle(order: Order) -> dict[str, Any]:
    """Stop the period and book what it did cost."""
    period = order.period
    if order.at < period.end:
        if not order.early:
            raise PeriodNotOver(code=period.code, end=timezone.localtime(period.end).date())
        period.end = max(order.at, period.start + timedelta(microseconds=1))
    period.state = Period.State.CLOSING
    period.save(update_fields=["state", "end"])
    return _each_yield(order, settle_yield)


def _match(order: Order) -> dict[str, Any]:
    return _each_yield(order, match_yield)


def _charge(order: Order) -> dict[str, Any]:
    return charge_period(order.period, order.actor, order.at)


def _expire(order: Order) -> dict[str, Any]:
    return _each_yield(order, expire_yield)


def _each_yield(
    order: Order,
    action: Callable[[Yield, Actual, AbstractBaseUser | None], dict[str, Any]],
) -> dict[str, Any]:
    found = Yield.objects.filter(period=order.period).select_related("pool", "resource", "period")
    return {"yields": [action(row, order.actual, order.actor) for row in found.order_by("pk")]}


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
    opened = open_period(start=start, end=next_end(start), code=next_code(start), actor=order.actor)
    issued = Yield.objects.filter(period=opened).select_related("pool", "resource")
    return {
        "period": opened.code,
        "yields": [
            {"pool": y.pool.code, "resource": y.resource.code, "issued": y.issued} for y in issued
        ],
    }


ACTIONS: dict[str, Callable[[Order], dict[str, Any]]] = {
    "settle": _settle,
    "match": _match,
    "charge": _charge,
    "expire": _expire,
    "convert": _convert,
    "open": _open,
}
