"""Lots of equity credit: one ledger account per member, pool and period."""

from collections.abc import Collection

from assets.models import Pool
from payments.accounts import money_accounts
from titles.accounts import credit_name
from titles.models import CreditLot


def open_lots(*, pool: Pool, member_ids: Collection[int], period: str) -> dict[int, int]:
    """The accounts of a period's lots by member id, opened where they do not exist yet.

    The pool is locked.
    """
    names = {member_id: credit_name(pool, member_id, period) for member_id in member_ids}
    accounts = money_accounts(names.values())
    CreditLot.objects.bulk_create(
        (
            CreditLot(
                pool=pool, member_id=member_id, period=period, account_id=accounts[names[member_id]]
            )
            for member_id in sorted(names)
        ),
        ignore_conflicts=True,
    )
    return {member_id: accounts[name] for member_id, name in names.items()}
