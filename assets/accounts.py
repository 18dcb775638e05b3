"""The ledger accounts that belong to a pool: their names, and opening them."""

from django.conf import settings

from assets.models import Pool
from ledger.services import ensure_commodity, open_account

MONEY = settings.COOP_CURRENCY

POOL_ACCOUNTS: dict[str, int | None] = {
    "cash:operating": None,
    "cash:growth": 0,
    "cash:reserve": 0,
    "assets": 0,
    "backing": None,
    "vacancy": None,
    "depreciation": None,
    "asset_losses": None,
    "replacement_reserve": None,
    "provisional_cost": None,
    "provisional_profit": None,
}
"""kind → floor, for each pool in money."""

RESOURCE_ACCOUNTS = ("cost_income", "expense", "stabilisation")
"""kinds kept per pool and resource in money."""


def unit_code(pool: Pool) -> str:
    """The commodity of a pool's units."""
    return f"unit:{pool.code}"


def pool_owner(pool: Pool) -> str:
    """How accounts name a pool."""
    return f"pool/{pool.code}"


def money_account(kind: str, pool: Pool) -> int:
    """The id of a pool's money account of one kind."""
    return open_account(
        commodity=MONEY, kind=kind, owner=pool_owner(pool), floor=POOL_ACCOUNTS[kind]
    )


def resource_account(kind: str, pool: Pool, resource_code: str) -> int:
    """The id of a money account kept per pool and resource."""
    return open_account(commodity=MONEY, kind=kind, owner=f"{pool.code}/{resource_code}")


def treasury_account(pool: Pool) -> int:
    """The id of the account that holds the units nobody has bought yet."""
    return open_account(commodity=unit_code(pool), kind="treasury", owner=pool_owner(pool), floor=0)


def created_account(pool: Pool) -> int:
    """The id of the account that units come from: minus all that were ever created."""
    return open_account(commodity=unit_code(pool), kind="created")


def holding_account(pool: Pool, member_id: int) -> int:
    """The id of the account that holds a member's units of a pool."""
    return open_account(
        commodity=unit_code(pool), kind="holding", owner=f"member/{member_id}", floor=0
    )


def open_pool_accounts(pool: Pool) -> None:
    """Open every account of a new pool; call inside a transaction."""
    ensure_commodity(code=MONEY, kind="money", exponent=2)
    ensure_commodity(code=unit_code(pool), kind="unit", exponent=0)
    for kind in POOL_ACCOUNTS:
        money_account(kind, pool)
    treasury_account(pool)
    created_account(pool)
