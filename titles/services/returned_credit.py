"""Profit that a correction of use gives back: out of equity credit that is still open."""

from assets.accounts import money_account
from assets.models import Pool
from ledger.queries import balance_of
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from payments.accounts import money_accounts
from payments.models import CreditReturn
from payments.services.funding import BANK, prepaid_name
from titles.campaigns import kept_for_campaigns
from titles.exit_queries import owed_out
from titles.queries import credit_lots

SOURCE = "credit-return"


def return_credit(
    *, pool: Pool, member: Member, cents: int, about: str, key: str, actor: User | None
) -> CreditReturn | None:
    """End so many cents of a member's open credit; its cash becomes their prepaid balance.

    The newest credit goes first, so that the older keeps its place. What is open no more (it became
    shares, which are never taken back, or was never paid) is not given back, nor what the growth
    fund has spent, owes, or keeps for what was paid ahead; None where that is all. Call inside a
    transaction with the pool locked; the same key gives the first result.
    """
    before = CreditReturn.objects.filter(key=key).first()
    if before is not None:
        return before
    growth = money_account("cash:growth", pool)
    free = balance_of(growth) - kept_for_campaigns(pool) - owed_out(pool)
    lots = _newest_first(pool, member, max(0, min(cents, free)))
    given = sum(lots.values())
    if not given:
        return None
    names = [prepaid_name(member.pk), BANK]
    accounts = money_accounts(names)
    legs = [Leg(account, part) for account, part in lots.items()]
    legs += [Leg(accounts[names[0]], -given), Leg(growth, -given), Leg(accounts[BANK], given)]
    txn_id = post(
        Posting(
            source=SOURCE,
            key=key,
            kind="credit given back",
            legs=merge(legs),
            about=about,
            actor=actor_name(actor),
        )
    )
    return CreditReturn.objects.create(
        member=member, fund=pool.code, amount=given, about=about, key=key, txn_id=txn_id
    )


def _newest_first(pool: Pool, member: Member, cents: int) -> dict[int, int]:
    """Up to so many cents of open credit, by lot account; nothing of what was paid ahead."""
    found: dict[int, int] = {}
    open_lots = [lot for lot in credit_lots(member, pool) if lot.left > 0 and not lot.is_ahead]
    for lot in sorted(open_lots, key=lambda lot: lot.lot.period, reverse=True):
        part = min(lot.left, cents)
        cents -= part
        if part > 0:
            found[lot.lot.account_id] = part
    return found
