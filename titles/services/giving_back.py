"""Units and credit that go back: what is booked, what becomes of titles, what is paid out.

Used by the queue of redemption and by sell-downs. One batch is one call of the books, so that
all its accounts are locked at once and in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assets.accounts import holding_account, money_account, pool_owner, treasury_account
from assets.models import Pool
from assets.queries import total_units
from ledger.services import Leg, Posting, actor_name, merge, post_many
from members.models import Member, User
from payments.accounts import money_accounts
from payments.models import Payout
from payments.services import prepaid_balance, request_payout
from payments.services.funding import BANK, prepaid_name
from titles.accounts import capital_account
from titles.conversion import draw
from titles.exit_queries import under_recovered
from titles.models import Redemption, RedemptionRequest, RedemptionRun, SellDown, Title
from titles.queries import credit_lots
from titles.redeeming import share_of
from titles.services.chain import Chosen, choose, replace
from titles.services.issue import Cause

SOURCE = "redemption"


@dataclass(frozen=True)
class Return:
    """What one member gives back: units of chosen titles, or credit by lot account, and for what.

    `key` names it once for ever. `settles` says how many cents of it go to the member's charges.
    """

    member: Member
    key: str
    price: int
    nominal: int
    gross: int
    chosen: Chosen | None = None
    drawn: Mapping[int, int] = field(default_factory=dict)
    shares: Mapping[int, int] = field(default_factory=dict)
    settles: int = 0
    request: RedemptionRequest | None = None

    @property
    def units(self) -> int:
        """Units that go back."""
        return self.chosen.units if self.chosen else 0

    @property
    def paid_in(self) -> int:
        """Cents that were once paid in: capital, or credit."""
        return self.chosen.capital if self.chosen else sum(self.drawn.values())

    @property
    def settled(self) -> int:
        """Cents that stay for cost not recovered yet."""
        return sum(self.shares.values())

    @property
    def payable(self) -> int:
        """Cents that the member is owed."""
        return self.gross - self.settled


def units_back(*, pool: Pool, member: Member, units: int, numbers: Sequence[int] | None) -> Chosen:
    """The titles for so many units: those named first, then the oldest. Raises TooFewUnits."""
    live = Title.objects.filter(pool=pool, member=member, state=Title.State.LIVE)
    there = list(live.order_by("number").values_list("number", flat=True))
    named = [number for number in numbers or () if number in there]
    order = named + [number for number in there if number not in named]
    return choose(pool=pool, holder=member, units=units, numbers=order)


def cost_shares(pool: Pool, units: int, gross: int) -> dict[int, int]:
    """The units' share of what the pool has not recovered, by account; never above what they bring.

    Rounded down for each account.
    """
    missing = under_recovered(pool)
    parts = share_of(list(missing.values()), units, total_units(pool), gross)
    return {account: part for account, part in zip(missing, parts, strict=True) if part}


def drawn_credit(pool: Pool, member: Member, cents: int) -> dict[int, int]:
    """So much of a member's credit by lot account, the oldest first."""
    lots = [lot for lot in credit_lots(member, pool) if lot.left > 0 and not lot.is_ahead]
    accounts = {lot.lot.period: lot.lot.account_id for lot in lots}
    parts = draw([(lot.lot.period, lot.left) for lot in lots], cents)
    return {accounts[period]: part for period, part in parts.items()}


def for_charges(member: Member, amount: int, owed: int) -> int:
    """How much of so many cents a member's debt takes, beyond what they paid ahead already."""
    return max(0, min(amount, owed - prepaid_balance(member.pk)))


def take_back(
    *,
    pool: Pool,
    returns: Sequence[Return],
    at: datetime,
    actor: User | None,
    run: RedemptionRun | None = None,
    selldown: SellDown | None = None,
) -> list[Redemption]:
    """Book what members give back, end its titles, and ask for the payouts.

    Each member once. Call inside a transaction with all pools and the members locked.
    """
    postings = [_posting(pool, item, actor) for item in returns]
    offs = [_keeping(pool, item, actor) for item in returns if item.settles]
    txn_ids = post_many([*postings, *offs])[: len(returns)]
    for item, txn_id in zip(returns, txn_ids, strict=True):
        if item.chosen is not None:
            _end_titles(pool, item.chosen, txn_id)
    rows = [
        _row(pool, item, txn_id, at, run, selldown, actor)
        for item, txn_id in zip(returns, txn_ids, strict=True)
    ]
    return Redemption.objects.bulk_create(rows)


def _posting(pool: Pool, item: Return, actor: User | None) -> Posting:
    return Posting(
        source=SOURCE,
        key=item.key,
        kind="shares redeemed" if item.chosen else "credit paid out",
        legs=merge([*_units_legs(pool, item), *_money_legs(pool, item)]),
        about=f"pool:{pool.code}",
        actor=actor_name(actor),
    )


def _units_legs(pool: Pool, item: Return) -> list[Leg]:
    if item.chosen is None:
        return [Leg(account, part) for account, part in item.drawn.items()]
    return [
        Leg(holding_account(pool, item.member.pk), -item.units),
        Leg(treasury_account(pool), item.units),
        Leg(capital_account(pool, item.member.pk), item.paid_in),
    ]


def _money_legs(pool: Pool, item: Return) -> list[Leg]:
    """Owed to the member; what was paid in beyond the price stays in the capital reserve."""
    payable, reserve = payable_name(item.member), ("capital_reserve", pool_owner(pool))
    accounts = money_accounts([payable, reserve])
    legs = [
        Leg(accounts[payable], -item.payable),
        Leg(accounts[reserve], item.gross - item.paid_in),
    ]
    if item.settled:
        legs += [Leg(account, -part) for account, part in item.shares.items()]
        legs.append(Leg(money_account("cash:operating", pool), item.settled))
        legs.append(Leg(money_account("cash:growth", pool), -item.settled))
    return legs


def _keeping(pool: Pool, item: Return, actor: User | None) -> Posting:
    """Part of what is owed to a member onto their prepaid balance, with its cash, for charges."""
    payable, prepaid = payable_name(item.member), prepaid_name(item.member.pk)
    accounts = money_accounts([payable, prepaid, BANK])
    legs = [
        Leg(accounts[payable], item.settles),
        Leg(accounts[prepaid], -item.settles),
        Leg(accounts[BANK], item.settles),
        Leg(money_account("cash:growth", pool), -item.settles),
    ]
    return Posting(
        source=SOURCE,
        key=f"{item.key}:kept",
        kind="kept for charges",
        legs=legs,
        about=f"pool:{pool.code}",
        actor=actor_name(actor),
    )


def payable_name(member: Member) -> tuple[str, str]:
    """The account of what is owed to a member (negative)."""
    return "payable", f"member/{member.pk}"


def _end_titles(pool: Pool, chosen: Chosen, txn_id: int) -> None:
    cause = Cause(Title.Origin.SPLIT, txn_id)
    replace(pool=pool, chosen=chosen, takers=[], cause=cause, state=Title.State.CANCELLED)


def _row(
    pool: Pool,
    item: Return,
    txn_id: int,
    at: datetime,
    run: RedemptionRun | None,
    selldown: SellDown | None,
    actor: User | None,
) -> Redemption:
    row = Redemption(
        request=item.request,
        run=run,
        selldown=selldown,
        member=item.member,
        pool=pool,
        units=item.units,
        credit=0 if item.chosen else item.paid_in,
        capital=item.paid_in if item.chosen else 0,
        price=item.price,
        nominal=item.nominal,
        gross=item.gross,
        settled=item.settled,
        set_off=item.settles,
        at=at,
        txn_id=txn_id,
    )
    if row.due:
        row.payout_id = _payout(pool, row, item, actor).pk
    return row


def _payout(pool: Pool, row: Redemption, item: Return, actor: User | None) -> Payout:
    return request_payout(
        member=item.member,
        amount=row.due,
        kind=Payout.Kind.REDEMPTION if row.units else Payout.Kind.CREDIT,
        about=f"{row.units or ''} {pool.name}".strip(),
        purse_account_id=money_account("cash:growth", pool),
        key=f"{SOURCE}:{item.key}",
        actor=actor,
    )
