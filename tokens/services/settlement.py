"""The steps of a close that concern one yield: settle, match, expire."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from assets.accounts import money_account, resource_account
from ledger.arithmetic import charge
from ledger.services import Leg, Posting, actor_name, post, post_set
from tokens import rates
from tokens.calendar import counted_in
from tokens.models import Yield
from tokens.services import settle
from tokens.services.limits import beyond


def posting(
    step: str,
    kind: str,
    row: Yield,
    actor: AbstractBaseUser | None,
    legs: tuple[Leg, ...] = (),
) -> Posting:
    """The one posting of a step for a yield."""
    return Posting(
        source=f"tokens.{step}",
        key=str(row.pk),
        kind=kind,
        about=f"period:{row.period.code}",
        actor=actor_name(actor),
        effective_at=counted_in(row.period),
        memo=f"{row.pool.code} {row.resource.code} {row.period.code}",
        legs=legs,
    )


def parameters(row: Yield) -> dict[str, Any]:
    """What the statements of a close need to know of a yield."""
    return {
        "yield": row.pk,
        "pool": row.pool_id,
        "resource": row.resource_id,
        "period": row.period_id,
        "pool_account": row.pool_account,
        "unbacked_account": row.unbacked_account,
        "expired_account": row.expired_account,
        "unit_cost": row.unit_cost,
        "settled_cost": row.settled_cost,
        "price": row.price,
        "matched": row.matched,
    }


def names(row: Yield) -> dict[str, str]:
    """How a summary names a yield."""
    return {"pool": row.pool.code, "resource": row.resource.code}


def settle_yield(row: Yield, actual: int, actor: AbstractBaseUser | None) -> dict[str, Any]:
    """Book the actual cost in cents and fix s and w."""
    row.actual = actual
    row.settled_rate = rates.settled_rate(
        actual=row.actual, carried=row.carried, basis=row.basis, sale_cost=row.sale_cost
    )
    row.settled_cost = min(row.price, row.settled_rate)
    row.save(update_fields=["actual", "settled_rate", "settled_cost"])
    if row.actual:
        legs = (
            Leg(resource_account("expense", row.pool, row.resource.code), row.actual),
            Leg(money_account("cash:operating", row.pool), -row.actual),
        )
        post(posting("settle", "cost of the period", row, actor, legs))
    return {
        **names(row),
        "budget": row.budget,
        "actual": row.actual,
        "settled_cost": row.settled_cost,
    }


def match_yield(row: Yield, actor: AbstractBaseUser | None) -> dict[str, Any]:
    """Sell surplus to those who went over, and write down what every book comes to."""
    sql, limit = beyond(row.period.end)
    params = {**parameters(row), "limit": limit}
    found = settle.rows(settle.SETTLE.format(beyond=sql), params)[0]
    matched, pool_matched, overage, beyond_limit, row.offers_unsold = found
    row.matched = matched
    row.unbacked = overage - matched
    row.pool_sold = pool_matched + sum(row.auctions.values_list("pool_sold", flat=True))
    row.save(update_fields=["matched", "unbacked", "offers_unsold", "pool_sold"])
    post_set(
        [posting("match", "overage matched with surplus", row, actor)],
        legs=settle.MATCH_LEGS,
        params={**parameters(row), "pool_matched": pool_matched},
    )
    return {
        **names(row),
        "overage": overage,
        "matched": matched,
        "by_pool": pool_matched,
        "unbacked": row.unbacked,
        "beyond_limit": beyond_limit,
    }


def expire_yield(row: Yield, actor: AbstractBaseUser | None) -> dict[str, Any]:
    """End all tokens that are left."""
    left = settle.rows(settle.LEFT, parameters(row))[0][0]
    post_set(
        [posting("expire", "tokens expired", row, actor)],
        legs=settle.EXPIRE_LEGS,
        params=parameters(row),
    )
    return {**names(row), "expired": left}


def unbacked_cost(row: Yield) -> int:
    """Cents that the overage beyond all surplus costs at w."""
    return charge(row.unbacked or 0, row.settled_cost or 0)
