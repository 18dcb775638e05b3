"""Opening a period: its rates are fixed, its tokens are issued."""

from datetime import datetime
from fractions import Fraction

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from assets.accounts import treasury_account, unit_code
from assets.models import Pool
from ledger.services import Posting, actor_name, post_set
from tokens.accounts import open_token
from tokens.calendar import counted_in
from tokens.errors import PeriodStillOpen
from tokens.models import Period, Yield
from tokens.plan import Plan, plan_yields
from tokens.services.books import make_books
from tokens.services.clearing import clear_waiting
from tokens.services.settle import sort_in_memory

SHARES = """
    WITH holders AS (
        SELECT m.id AS member_id, m.number, b.amount AS units
        FROM ledger_account a
        JOIN ledger_commodity c ON c.id = a.commodity_id AND c.code = %s
        JOIN ledger_balance b ON b.account_id = a.id AND b.amount > 0
        JOIN members_member m ON a.owner = 'member/' || m.id
        WHERE a.kind = 'holding'
        UNION ALL
        SELECT NULL, NULL, amount FROM ledger_balance WHERE account_id = %s
    ), placed AS (
        SELECT member_id, units, row_number() OVER (ORDER BY number NULLS LAST) AS place
        FROM holders
    )
    SELECT placed.member_id, s.part
    FROM ledger_share_out(%s, (SELECT array_agg(units ORDER BY place) FROM placed)) AS s
    JOIN placed USING (place)"""
"""(member_id or NULL for the pool, millitokens): capacity by units, the pool last in ties."""

ISSUE = """
    SELECT 1 AS n, own_account AS account, issued AS amount
    FROM tokens_book WHERE yields_id = %(yield)s
    UNION ALL SELECT 1, pool_account, pool_issued FROM tokens_yield WHERE id = %(yield)s
    UNION ALL SELECT 1, issue_account, -issued FROM tokens_yield WHERE id = %(yield)s"""


@transaction.atomic
def open_period(
    *,
    start: datetime,
    end: datetime,
    code: str,
    actor: AbstractBaseUser | None,
    at: datetime | None = None,
    part: Fraction = Fraction(1),
) -> Period:
    """Open the period [start, end): fix its rates and issue its tokens.

    `at` is the moment whose policy counts (default: now). `part` scales capacity and cost of a
    period that is shorter than those they are stated for. The same code again returns the
    period that stands. Raises PeriodStillOpen.
    """
    list(Pool.objects.select_for_update(no_key=True).order_by("pk"))
    standing = Period.objects.filter(code=code).first()
    if standing is not None:
        return standing
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    if running is not None:
        raise PeriodStillOpen(code=running.code)
    sort_in_memory()
    period = Period.objects.create(code=code, start=start, end=end)
    for plan in plan_yields(start=start, part=part, at=at):
        _issue(_make_yield(period, plan), actor)
    clear_waiting(period, actor)
    return period


def _make_yield(period: Period, plan: Plan) -> Yield:
    """The yield of a period with everything that is fixed at its opening."""
    stated, rates = plan.stated, plan.rates
    return Yield.objects.create(
        period=period,
        pool=plan.pool,
        resource=plan.resource,
        capacity=plan.capacity,
        normal=plan.normal,
        issued=plan.issued,
        pool_issued=0,
        basis=rates.basis,
        cost=stated.cost,
        stated_cost=stated.stated if stated.is_bound else None,
        budget_source=stated.source,
        carried=plan.carried,
        budget=rates.budget,
        unit_cost=rates.unit_cost,
        sale_cost=rates.sale_cost,
        price=rates.price,
        price_source=plan.price_source,
        price_rule=plan.price_rule,
        owned=plan.owned,
        **open_token(plan.pool, plan.resource, period.code),
    )


def _issue(row: Yield, actor: AbstractBaseUser | None) -> None:
    """Hand a yield's capacity to the holders of units, treasury included."""
    if not row.issued:
        return
    treasury = treasury_account(row.pool)
    unit = unit_code(row.pool)
    pool_part = make_books(row, shares=SHARES, params=[unit, treasury, row.issued])
    Yield.objects.filter(pk=row.pk).update(pool_issued=pool_part)
    posting = Posting(
        source="tokens.issue",
        key=str(row.pk),
        kind="tokens issued",
        about=f"period:{row.period.code}",
        actor=actor_name(actor),
        effective_at=counted_in(row.period),
    )
    post_set([posting], legs=ISSUE, params={"yield": row.pk})
