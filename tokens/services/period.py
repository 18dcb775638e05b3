"""Opening a period: its rates are fixed, its tokens are issued."""

from datetime import datetime
from fractions import Fraction

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from assets.accounts import MONEY, treasury_account, unit_code
from assets.models import Pool, Resource
from assets.queries import capacity_at, cost_at, resources_of, total_units
from ledger.arithmetic import rhe
from ledger.queries import balance
from ledger.services import Posting, actor_name, post_set
from policies.queries import in_force
from tokens.accounts import open_token
from tokens.calendar import counted_in
from tokens.errors import PeriodStillOpen
from tokens.models import Period, Yield
from tokens.rates import opening
from tokens.services.books import make_books

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
    pools = list(Pool.objects.select_for_update(no_key=True).order_by("pk"))
    standing = Period.objects.filter(code=code).first()
    if standing is not None:
        return standing
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    if running is not None:
        raise PeriodStillOpen(code=running.code)
    period = Period.objects.create(code=code, start=start, end=end)
    for pool in pools:
        costs = cost_at(pool, timezone.localtime(start).date())
        for resource in resources_of(pool):
            posted = _posted_price(pool, resource, at or timezone.now())
            cost = scaled(costs.get(resource.code, 0), part)
            row = _make_yield(period, pool, resource, cost, posted, part)
            _issue(row, actor)
    return period


def _make_yield(
    period: Period,
    pool: Pool,
    resource: Resource,
    cost: int,
    posted: tuple[int, str],
    part: Fraction,
) -> Yield:
    """The yield of a period with everything that is fixed at its opening."""
    day = timezone.localtime(period.start).date()
    capacity, normal = (scaled(n, part) for n in capacity_at(pool, resource, day))
    owned = total_units(pool) > 0
    issued = capacity if owned else 0
    carried = -balance(MONEY, "stabilisation", f"{pool.code}/{resource.code}")
    price, source = posted
    rates = opening(cost=cost, carried=carried, issued=issued, normal=normal, posted=price)
    return Yield.objects.create(
        period=period,
        pool=pool,
        resource=resource,
        capacity=capacity,
        normal=normal,
        issued=issued,
        pool_issued=0,
        basis=rates.basis,
        cost=cost,
        carried=carried,
        budget=rates.budget,
        unit_cost=rates.unit_cost,
        sale_cost=rates.sale_cost,
        price=rates.price,
        price_source=source,
        owned=owned,
        **open_token(pool, resource, period.code),
    )


def scaled(number: int, part: Fraction) -> int:
    """A part of a whole number, rounded half to even."""
    return rhe(number * part.numerator, part.denominator)


def _posted_price(pool: Pool, resource: Resource, at: datetime) -> tuple[int, str]:
    """The price that policy sets at a moment, and what decided it."""
    row = in_force("posted_price", at, f"{pool.code}:{resource.code}", pool.code)
    return (0, "") if row is None else (row.value, row.source)


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
