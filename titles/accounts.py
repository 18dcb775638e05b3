"""The ledger accounts that belong to a member's ownership: their names, and opening them."""

from assets.accounts import MONEY
from assets.models import Pool
from ledger.services import open_account


def capital_account(pool: Pool, member_id: int) -> int:
    """The id of the account of what a member paid for units of a pool (negative)."""
    return open_account(commodity=MONEY, kind="capital", owner=f"{pool.code}/member/{member_id}")


def profit_due_account(pool: Pool, member_id: int) -> int:
    """The id of the account of profit charged to a member and not yet paid (negative)."""
    return open_account(commodity=MONEY, kind="profit_due", owner=f"{pool.code}/member/{member_id}")


def credit_account(pool: Pool, member_id: int, period: str) -> int:
    """The id of the account of one lot of equity credit (negative)."""
    owner = f"{pool.code}/member/{member_id}/{period}"
    return open_account(commodity=MONEY, kind="equity_credit", owner=owner)
