"""Profit that is paid becomes the payer's equity credit."""

from collections.abc import Mapping, Sequence

from assets.models import Pool
from ledger.services import Leg, Posting, actor_name, post_many
from members.models import User
from payments.accounts import money_accounts
from payments.models import ChargeLine
from payments.services import Receipt
from titles.accounts import cash_names, profit_due_name
from titles.services.lots import open_lots

SOURCE = "titles"


def credit_profits(
    *, receipts: Sequence[Receipt], pools: Mapping[str, Pool], period: str, actor: User | None
) -> None:
    """Turn the profit in paid period charges into credit of a period; its cash joins growth.

    Few statements however many charges there are. Call inside a transaction with the pools (by
    code) locked and the cash of the charges booked.
    """
    legs: dict[int, list[Leg]] = {receipt.charge.pk: [] for receipt in receipts}
    for code, pool in sorted(pools.items()):
        payers = [(r, profit_of(r.lines, code)) for r in receipts if profit_of(r.lines, code)]
        for charge_id, moved in _legs_of(payers, pool, period).items():
            legs[charge_id] += moved
    paying = [receipt for receipt in receipts if legs[receipt.charge.pk]]
    post_many([_posting(receipt, legs[receipt.charge.pk], actor) for receipt in paying])


def profit_of(lines: Sequence[ChargeLine], code: str) -> int:
    """Cents of profit for one pool in the lines of a charge."""
    return sum(line.profit for line in lines if line.fund == code)


def _legs_of(
    payers: Sequence[tuple[Receipt, int]], pool: Pool, period: str
) -> dict[int, list[Leg]]:
    dues = {r.charge.member_id: profit_due_name(pool, r.charge.member_id) for r, _profit in payers}
    lots = open_lots(pool=pool, member_ids=list(dues), period=period)
    operating, growth = cash_names(pool)
    accounts = money_accounts([operating, growth, *dues.values()])
    return {
        receipt.charge.pk: [
            Leg(accounts[operating], -profit),
            Leg(accounts[growth], profit),
            Leg(accounts[dues[receipt.charge.member_id]], profit),
            Leg(lots[receipt.charge.member_id], -profit),
        ]
        for receipt, profit in payers
    }


def _posting(receipt: Receipt, legs: Sequence[Leg], actor: User | None) -> Posting:
    return Posting(
        source=SOURCE,
        key=f"profit:{receipt.charge.pk}",
        kind="profit paid",
        legs=legs,
        about=f"charge:{receipt.charge.pk}",
        actor=actor_name(actor),
        memo=receipt.charge.reference,
    )
