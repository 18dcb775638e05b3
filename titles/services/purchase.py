"""A purchase that is paid: units and a title, equity credit for what finds no unit."""

from dataclasses import dataclass

from django.utils import timezone

from assets.accounts import holding_account, money_account, treasury_account
from assets.queries import treasury_units
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import User
from payments.models import Payment
from payments.services import Receipt, funding_of, mark_paid
from policies.queries import policy
from titles.accounts import capital_account
from titles.carried import is_open
from titles.limits import room_for
from titles.models import Subscription, Title
from titles.queries import open_reservations, promised_units
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_subscription
from titles.services.lots import open_lots
from titles.services.profit import SOURCE


@dataclass(frozen=True)
class Found:
    """What a payment finds: so many units at so many cents each."""

    units: int
    price: int

    @property
    def capital(self) -> int:
        """Cents that become paid-in capital."""
        return self.units * self.price


def pay_subscription(receipt: Receipt, period: str, actor: User | None) -> Payment:
    """Book the money of a purchase; the pool, the member and the charge are locked."""
    subscription = lock_subscription(Subscription.objects.get(charge=receipt.charge).pk)
    found = found_by(subscription, receipt)
    txn_id = post(_posting(subscription, found, period, receipt, actor))
    subscription.issued, subscription.issue_price = found.units, found.price
    subscription.state = _state_after(subscription)
    # First it is no reservation any more, then its units are held: never both at once.
    subscription.save(update_fields=["issued", "issue_price", "state"])
    subscription.title = _title_for(subscription, txn_id)
    subscription.save(update_fields=["title"])
    return mark_paid(receipts=[(receipt, txn_id)], actor=actor)[0]


def found_by(subscription: Subscription, receipt: Receipt) -> Found:
    """What a payment finds now; the pool and the member are locked.

    Money that came by the due day finds units at the price agreed. Money that came later buys as
    if it were a new purchase of today: at today's price, where the pool is open.
    """
    if receipt.received_on <= receipt.charge.due:
        return Found(_units_there(subscription, subscription.count), subscription.price)
    now, code = timezone.now(), subscription.pool.code
    price: int = policy("issue_price", now, code)
    affordable = min(subscription.count, receipt.charge.amount // price)
    if not is_open(subscription.pool, now):
        affordable = 0
    return Found(_units_there(subscription, affordable), price)


def _units_there(subscription: Subscription, wanted: int) -> int:
    """As many of the wanted units as are free for this member.

    A reservation past its due day comes after those that still hold units, and after the cap as
    it is now. One that still holds its units has its place under the cap since it was made.
    """
    pool, there = subscription.pool, treasury_units(subscription.pool)
    if not open_reservations(pool).filter(pk=subscription.pk).exists():
        room = room_for(pool, subscription.member) + subscription.count
        wanted = min(wanted, there - promised_units(pool), room)
    return max(0, min(wanted, there))


def _posting(
    subscription: Subscription, found: Found, period: str, receipt: Receipt, actor: User | None
) -> Posting:
    return Posting(
        source=SOURCE,
        key=f"subscription:{subscription.pk}",
        kind="units bought",
        legs=merge([*_legs(subscription, found, period), *funding_of(receipt)]),
        about=f"subscription:{subscription.pk}",
        actor=actor_name(actor),
        memo=receipt.charge.reference,
    )


def _legs(subscription: Subscription, found: Found, period: str) -> list[Leg]:
    pool, member_id = subscription.pool, subscription.member_id
    paid = subscription.count * subscription.price
    legs = [Leg(money_account("cash:growth", pool), paid)]
    if found.units:
        legs += [
            Leg(capital_account(pool, member_id), -found.capital),
            Leg(treasury_account(pool), -found.units),
            Leg(holding_account(pool, member_id), found.units),
        ]
    if paid > found.capital:
        lots = open_lots(pool=pool, member_ids=[member_id], period=period)
        legs.append(Leg(lots[member_id], found.capital - paid))
    return legs


def _state_after(subscription: Subscription) -> str:
    found_all = subscription.issued == subscription.count
    return Subscription.State.ISSUED if found_all else Subscription.State.CREDITED


def _title_for(subscription: Subscription, txn_id: int) -> Title | None:
    if not subscription.issued:
        return None
    capital = subscription.issued * subscription.issue_price
    grant = Grant(subscription.member, subscription.issued, capital)
    cause = Cause(Title.Origin.PURCHASE, txn_id)
    return issue_titles(pool=subscription.pool, grants=[grant], cause=cause)[0]
