"""Lots of equity credit: one ledger account per member, pool and period."""

from assets.models import Pool
from titles.accounts import credit_account
from titles.models import CreditLot


def credit_lot(*, pool: Pool, member_id: int, period: str) -> CreditLot:
    """The lot of a period, opened where it does not exist yet; the pool is locked."""
    lot, _made = CreditLot.objects.get_or_create(
        pool=pool,
        member_id=member_id,
        period=period,
        defaults={"account_id": credit_account(pool, member_id, period)},
    )
    return lot
