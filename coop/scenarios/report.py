"""What a played scenario came to: the JSON structure, read from the books.

Rates in micro-cents, tokens in millitokens, money in cents. A member who has nothing in a pool,
or no book of a resource, is left out of that month.
"""

from typing import Any

from django.db.models import QuerySet, Sum

from assets.accounts import MONEY, pool_owner
from assets.models import Pool
from assets.queries import treasury_units
from coop.invariants import all_broken
from coop.scenarios.cast import Cast
from coop.scenarios.shapes import Scenario
from ledger.models import Balance
from ledger.queries import balance
from titles.models import ConversionShare, CreditLot
from titles.queries import holdings
from tokens.models import Bid, Book, Gift, Yield

Json = dict[str, Any]


def pools(cast: Cast, scenario: Scenario, month: str) -> Json:
    """Every pool after the close of a month."""
    return {
        pool.code: {
            "resources": resources(cast, cast.pools[pool.code], pool.resources, month),
            "members": members(cast, cast.pools[pool.code], month),
            "treasury": treasury_units(cast.pools[pool.code]),
        }
        for pool in scenario.pools
    }


def resources(cast: Cast, pool: Pool, codes: tuple[str, ...], month: str) -> Json:
    rows = Yield.objects.filter(pool=pool, period__code=month).select_related("resource")
    yields = {row.resource.code: row for row in rows}
    return {code: resource(cast, yields[code]) for code in codes}


def resource(cast: Cast, row: Yield) -> Json:
    return {
        "unit_cost": row.unit_cost,
        "sale_cost": row.sale_cost,
        "settled_cost": row.settled_cost,
        "pool_issued": row.pool_issued,
        "pool_sold": row.pool_sold,
        "overage_matched": row.matched,
        "overage_unbacked": row.unbacked,
        "to_reserve": row.to_reserve,
        "vacancy": row.vacancy,
        "variance": row.carried_next,
        "members": books(cast, row),
    }


def books(cast: Cast, row: Yield) -> Json:
    """The token books of a yield as the close left them, in the order of the file."""
    accepted = Gift.objects.filter(giver__yields=row, state=Gift.State.ACCEPTED)
    flows = {
        "received": sums(accepted, "receiver", "amount"),
        "given": sums(accepted, "giver", "amount"),
        "bought": sums(Bid.objects.filter(book__yields=row), "book", "bought"),
    }
    rows = Book.objects.filter(yields=row).select_related("settlement")
    found = {book.member_id: book for book in rows}
    return {
        name: settled(
            found[member.pk], {key: flow.get(found[member.pk].pk, 0) for key, flow in flows.items()}
        )
        for name, member in cast.members.items()
        if member.pk in found
    }


def settled(book: Book, flows: Json) -> Json:
    settlement = book.settlement
    return {
        "issued": book.issued,
        **flows,
        "sold": settlement.sold,
        "redeemed": settlement.redeemed,
        "overage": settlement.overage,
        "expired": settlement.expired,
        "cost_charged": settlement.own_cost + settlement.cost_part,
        "profit_charged": settlement.profit,
    }


def sums(rows: QuerySet[Any], by: str, amount: str) -> dict[int, int]:
    """Sums of a column by another."""
    found = rows.order_by().values(by).annotate(n=Sum(amount)).values_list(by, "n")
    return dict(found)


def members(cast: Cast, pool: Pool, month: str) -> Json:
    """What the members have in a pool, those who have or had anything."""
    shares = ConversionShare.objects.filter(conversion__pool=pool, conversion__period=month)
    converted = sums(shares, "member", "units")
    credit, units = credits_in(pool), holdings(pool)
    return {
        name: {
            "units_converted": converted.get(member.pk, 0),
            "equity_credit": credit.get(member.pk, 0),
            "units": units.get(member.pk, 0),
        }
        for name, member in cast.members.items()
        if any(member.pk in found for found in (converted, credit, units))
    }


def credits_in(pool: Pool) -> dict[int, int]:
    """Cents of equity credit by member id, those above zero."""
    lots = dict(CreditLot.objects.filter(pool=pool).values_list("account_id", "member_id"))
    credit: dict[int, int] = {}
    found = Balance.objects.filter(account_id__in=lots, amount__lt=0)
    for account, amount in found.values_list("account_id", "amount"):
        credit[lots[account]] = credit.get(lots[account], 0) - amount
    return credit


def final(cast: Cast) -> Json:
    """Where the scenario ends."""
    credit = {code: credits_in(pool) for code, pool in cast.pools.items()}
    units = {code: holdings(pool) for code, pool in cast.pools.items()}
    return {
        "growth_fund": money(cast, "cash:growth"),
        "reserve": money(cast, "cash:reserve"),
        "vacancy": money(cast, "vacancy"),
        "members": {
            name: {
                "units": {code: held.get(member.pk, 0) for code, held in units.items()},
                "equity_credit": {code: owed.get(member.pk, 0) for code, owed in credit.items()},
            }
            for name, member in cast.members.items()
        },
        "invariants": all_broken() or "ok",
    }


def money(cast: Cast, kind: str) -> dict[str, int]:
    """The balance of one money account of each pool."""
    return {code: balance(MONEY, kind, pool_owner(pool)) for code, pool in cast.pools.items()}
