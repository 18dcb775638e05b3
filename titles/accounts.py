"""The ledger accounts that belong to a member's ownership: their names, and opening them."""

from collections.abc import Collection

from assets.accounts import pool_owner, unit_code
from assets.models import Pool
from ledger.models import Account
from ledger.services import open_accounts
from payments.accounts import Name, money_accounts


def capital_name(pool: Pool, member_id: int) -> Name:
    """The account of what a member paid for units of a pool (negative)."""
    return "capital", f"{pool.code}/member/{member_id}"


def capital_account(pool: Pool, member_id: int) -> int:
    """The id of that account, opened where it does not exist yet."""
    name = capital_name(pool, member_id)
    return money_accounts([name])[name]


def holding_accounts(pool: Pool, member_ids: Collection[int]) -> dict[int, int]:
    """The ids of the accounts that hold members' units, by member id, opened where needed.

    Two statements however many members there are. Call inside a transaction.
    """
    owners = {f"member/{member_id}": member_id for member_id in member_ids}
    open_accounts(
        commodity=unit_code(pool),
        kind="holding",
        owners="SELECT unnest(%s::text[])",
        params=[sorted(owners)],
        floor=0,
    )
    known = Account.objects.filter(
        commodity__code=unit_code(pool), kind="holding", owner__in=owners
    ).values_list("owner", "pk")
    return {owners[owner]: pk for owner, pk in known}


def profit_due_name(pool: Pool, member_id: int) -> Name:
    """The account of profit charged to a member and not yet paid (negative)."""
    return "profit_due", f"{pool.code}/member/{member_id}"


def credit_name(pool: Pool, member_id: int, period: str) -> Name:
    """The account of one lot of equity credit (negative)."""
    return "equity_credit", f"{pool.code}/member/{member_id}/{period}"


def cash_names(pool: Pool) -> tuple[Name, Name]:
    """The accounts of a pool's operating cash and of its growth fund."""
    return ("cash:operating", pool_owner(pool)), ("cash:growth", pool_owner(pool))
