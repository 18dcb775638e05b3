"""The charge step of a close: provisional charges go, final ones come, pools' costs are closed."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from assets.accounts import MONEY, RESOURCE_ACCOUNTS, resource_account
from ledger.services import Posting, actor_name, open_accounts, post_set
from members.models import User
from payments.services import charge_everybody
from policies.queries import policy
from tokens import rates
from tokens.calendar import counted_in
from tokens.models import Period, Yield
from tokens.services import late_charging, settle
from tokens.services.settlement import names, parameters, posting, unbacked_cost

OWNERS = """
SELECT DISTINCT 'member/' || b.member_id FROM tokens_settlement s
JOIN tokens_book b ON b.id = s.book_id WHERE b.yields_id = %s"""
PAYERS = """
SELECT p.code || '/member/' || b.member_id FROM tokens_settlement s
JOIN tokens_book b ON b.id = s.book_id CROSS JOIN assets_pool p
WHERE b.yields_id = %s AND p.id = %s AND s.profit > 0"""


def charge_period(period: Period, actor: User | None, at: datetime) -> dict[str, Any]:
    """Charge everybody what the period comes to; call inside a transaction.

    One charge per member with a line for each cost and each purchase.
    """
    _take_back_provisional(period, actor)
    is_late = late_charging.sum_up(period, actor)
    found = Yield.objects.filter(period=period).select_related("pool", "resource", "period")
    summary = [_charge_yield(row, actor) for row in found.order_by("pk")]
    return {"yields": summary, "charges": _raise(period, at, is_late)}


def _take_back_provisional(period: Period, actor: User | None) -> None:
    taken_back = Posting(
        source="tokens.provisional",
        key=str(period.pk),
        kind="provisional charges taken back",
        about=f"period:{period.code}",
        actor=actor_name(actor),
        effective_at=counted_in(period),
    )
    post_set([taken_back], legs=settle.PROVISIONAL_LEGS, params={})


def _charge_yield(row: Yield, actor: User | None) -> dict[str, Any]:
    """Book one yield's charges, vacancy, reserve and what is carried on."""
    late = late_charging.post_late(row, actor)
    result, row.vacancy = _recovery(row, late)
    row.to_reserve, row.carried_next = result.to_reserve, result.carried_next
    row.save(update_fields=["vacancy", "to_reserve", "carried_next"])
    open_accounts(commodity=MONEY, kind="receivable", owners=OWNERS, params=[row.pk])
    open_accounts(commodity=MONEY, kind="profit_due", owners=PAYERS, params=[row.pk, row.pool_id])
    accounts = {
        kind: resource_account(kind, row.pool, row.resource.code) for kind in RESOURCE_ACCOUNTS
    }
    money = {
        "vacancy": row.vacancy,
        "to_reserve": result.to_reserve,
        "recovered": result.recovered,
        "actual": row.actual,
    }
    post_set(
        [posting("charge", "period charged", row, actor)],
        legs=settle.CHARGE_LEGS,
        params={**parameters(row), **accounts, **money},
    )
    return {**names(row), **money, "late": late, "carried": result.carried_next}


def _recovery(row: Yield, late: int) -> tuple[rates.Recovery, int]:
    """How the yield's cost is covered, and its vacancy; `late` is the cost of late usage."""
    overage_cost, own_cost, cost_parts = settle.rows(settle.OVERAGE_COST, parameters(row))[0]
    vacant = rates.vacancy(
        owned=row.owned,
        basis=row.basis,
        pool_unsold=row.pool_issued - (row.pool_sold or 0),
        settled=row.settled_rate or 0,
    )
    result = rates.recovery(
        own_cost=own_cost,
        cost_parts=cost_parts,
        vacant=vacant,
        overage_cost=overage_cost,
        unbacked_cost=unbacked_cost(row),
        budget=row.budget,
        actual=row.actual or 0,
        carried=row.carried,
        late=late,
    )
    return result, vacant


def _raise(period: Period, at: datetime, is_late: bool) -> int:
    """One charge per member with what all yields come to; how many there are."""
    about = f"period:{period.code}"
    due = timezone.localtime(at).date() + timedelta(days=policy("payment_days", at))
    lines = settle.LINES if not is_late else f"{settle.LINES} UNION ALL {late_charging.LINES}"
    params = {"period": period.pk}
    return charge_everybody(lines=lines, params=params, about=about, due=due)
