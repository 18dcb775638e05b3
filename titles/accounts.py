"""The ledger accounts that belong to a member's ownership: their names, and opening them."""

from assets.accounts import MONEY, pool_owner
from assets.models import Pool
from ledger.services import open_account
from payments.accounts import Name


def capital_account(pool: Pool, member_id: int) -> int:
    """The id of the account of what a member paid for units of a pool (negative)."""
    return open_account(commodity=MONEY, kind="capital", owner=f"{pool.code}/member/{member_id}")


def profit_due_name(pool: Pool, member_id: int) -> Name:
    """The account of profit charged to a member and not yet paid (negative)."""
    return "profit_due", f"{pool.code}/member/{member_id}"


def credit_name(pool: Pool, member_id: int, period: str) -> Name:
    """The account of one lot of equity credit (negative)."""
    return "equity_credit", f"{pool.code}/member/{member_id}/{period}"


def cash_names(pool: Pool) -> tuple[Name, Name]:
    """The accounts of a pool's operating cash and of its growth fund."""
    return ("cash:operating", pool_owner(pool)), ("cash:growth", pool_owner(pool))
