"""Money that arrives: units and a title for a purchase, equity credit for paid profit."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from assets.accounts import holding_account, money_account, treasury_account
from assets.models import Pool
from assets.queries import treasury_units
from ledger.services import Leg, Posting, actor_name, merge, post
from members.models import Member, User
from payments.errors import UnknownReference
from payments.models import Charge, ChargeLine, Payment
from payments.queries import charge_by_reference
from payments.references import compact
from payments.services import (
    Receipt,
    lock_charge,
    mark_paid,
    payment_before,
    record_receipts,
    require_payable,
)
from titles.accounts import capital_account
from titles.models import Subscription, Title
from titles.queries import holding_cap, open_reservations, reserved_units, units_of
from titles.services.issue import Cause, Grant, issue_titles
from titles.services.locks import lock_member, lock_members, lock_pools, lock_subscription
from titles.services.lots import open_lots
from titles.services.profit import SOURCE, credit_profits


@transaction.atomic(durable=True)
def accept_payment(
    *,
    reference: str,
    amount: int,
    received_on: date,
    actor: User | None,
    key: str,
    period_code: str | None = None,
) -> Payment:
    """Book money that arrived for a charge, and all that follows from it, in one transaction.

    A purchase: cash to the growth fund, capital, units and a signed title; money that finds no
    unit becomes equity credit. A period's charge: less owed, more cash, and the profit part turns
    into equity credit of the period in which it was paid (`period_code`, else the month of
    `received_on`). Only the exact amount is taken. The same key gives the first result.
    Raises UnknownReference, WrongAmount, AlreadyPaid, ChargeCancelled, NotYetReceived, KeyConflict.
    """
    charge = charge_by_reference(compact(reference))
    if charge is None:
        raise UnknownReference(reference=reference)
    lines = list(ChargeLine.objects.filter(charge=charge).order_by("pk"))
    pools = lock_pools({line.fund for line in lines})
    lock_member(charge.member_id)
    charge = lock_charge(charge.pk)
    before = payment_before(charge=charge, amount=amount, key=key)
    if before is not None:
        return before
    require_payable(charge=charge, amount=amount, received_on=received_on)
    receipt = Receipt(charge, lines, received_on, key)
    period = period_code or f"{received_on:%Y-%m}"
    if charge.kind == Charge.Kind.SUBSCRIPTION:
        return _pay_subscription(receipt, period, actor)
    return _pay_period_charges([receipt], pools, period, actor)[0]


@transaction.atomic
def settle_charges(
    *, period_code: str, actor: User | None, received_on: date | None = None
) -> list[Payment]:
    """Pay every open charge of a period at once, as if all money had come in: for simulations.

    A second call finds nothing open and does nothing. Credit arises in that same period.
    """
    wanted = Charge.objects.filter(
        kind=Charge.Kind.PERIOD, about=f"period:{period_code}", state=Charge.State.OPEN
    )
    pools = lock_pools(set(wanted.values_list("lines__fund", flat=True)))
    lock_members(Member.objects.filter(charges__in=wanted))
    charges = list(wanted.select_for_update(no_key=True).order_by("pk"))
    lines: dict[int, list[ChargeLine]] = {charge.pk: [] for charge in charges}
    for line in ChargeLine.objects.filter(charge__in=charges).order_by("pk"):
        lines[line.charge_id].append(line)
    day = received_on or timezone.localdate()
    receipts = [Receipt(c, lines[c.pk], day, f"settle:{c.reference}") for c in charges]
    return _pay_period_charges(receipts, pools, period_code, actor)


def _pay_period_charges(
    receipts: Sequence[Receipt], pools: dict[str, Pool], period: str, actor: User | None
) -> list[Payment]:
    payments = record_receipts(receipts=receipts, actor=actor)
    credit_profits(receipts=receipts, pools=pools, period=period, actor=actor)
    return payments


def _pay_subscription(receipt: Receipt, period: str, actor: User | None) -> Payment:
    found = Subscription.objects.get(charge=receipt.charge)
    subscription = lock_subscription(found.pk)
    units = units_found(subscription)
    posting = _purchase_posting(subscription, units, period, receipt, actor)
    txn_id = post(posting)
    subscription.issued = units
    subscription.state = _state_after(subscription)
    subscription.title = _title_for(subscription, txn_id, posting)
    subscription.save(update_fields=["issued", "state", "title"])
    return mark_paid(receipts=[(receipt, txn_id)], actor=actor)[0]


def units_found(subscription: Subscription) -> int:
    """Units that a payment finds now; the pool and the member are locked.

    A reservation past its due day comes after those that still hold units. The cap is asked
    again, since conversions may have given the member units meanwhile.
    """
    pool, member = subscription.pool, subscription.member
    there = treasury_units(pool)
    if not open_reservations(pool).filter(pk=subscription.pk).exists():
        there -= reserved_units(pool)
    room = holding_cap(pool) - units_of(member, pool)
    return max(0, min(subscription.count, there, room))


def _purchase_posting(
    subscription: Subscription, units: int, period: str, receipt: Receipt, actor: User | None
) -> Posting:
    return Posting(
        source=SOURCE,
        key=f"subscription:{subscription.pk}",
        kind="units bought",
        legs=merge(_purchase_legs(subscription, units, period)),
        about=f"subscription:{subscription.pk}",
        actor=actor_name(actor),
        memo=receipt.charge.reference,
    )


def _purchase_legs(subscription: Subscription, units: int, period: str) -> list[Leg]:
    pool, member_id = subscription.pool, subscription.member_id
    paid, capital = subscription.count * subscription.price, units * subscription.price
    legs = [Leg(money_account("cash:growth", pool), paid)]
    if units:
        legs += [
            Leg(capital_account(pool, member_id), -capital),
            Leg(treasury_account(pool), -units),
            Leg(holding_account(pool, member_id), units),
        ]
    if paid > capital:
        lots = open_lots(pool=pool, member_ids=[member_id], period=period)
        legs.append(Leg(lots[member_id], capital - paid))
    return legs


def _state_after(subscription: Subscription) -> str:
    found_all = subscription.issued == subscription.count
    return Subscription.State.ISSUED if found_all else Subscription.State.CREDITED


def _title_for(subscription: Subscription, txn_id: int, posting: Posting) -> Title | None:
    if not subscription.issued:
        return None
    grant = Grant(subscription.member, subscription.issued)
    cause = Cause(Title.Origin.PURCHASE, txn_id, f"{posting.source}:{posting.key}")
    return issue_titles(pool=subscription.pool, grants=[grant], cause=cause)[0]
