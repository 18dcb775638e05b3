"""Money that arrives: units and a title for a purchase, equity credit for paid profit."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from members.models import Member, User
from payments.errors import UnknownReference
from payments.models import Charge, ChargeLine, Payment
from payments.queries import charge_by_reference
from payments.references import compact
from payments.services import (
    Receipt,
    lock_charge,
    payment_before,
    record_receipts,
    require_payable,
)
from titles.services.locks import lock_member, lock_members, lock_pools
from titles.services.profit import credit_profits
from titles.services.purchase import pay_subscription


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
    Raises UnknownReference, WrongAmount, AlreadyPaid, ChargeCancelled, NotYetReceived,
    ReceivedTooEarly, KeyConflict.
    """
    charge = charge_by_reference(compact(reference))
    if charge is None:
        raise UnknownReference(reference=reference)
    charge, lines, pools = _locked(charge)
    before = payment_before(charge=charge, amount=amount, key=key)
    if before is not None:
        return before
    require_payable(charge=charge, amount=amount, received_on=received_on)
    receipt = Receipt(charge, lines, received_on, key)
    period = period_code or f"{received_on:%Y-%m}"
    return _pay(receipt, pools, period, actor)


def _pay(receipt: Receipt, pools: dict[str, Pool], period: str, actor: User | None) -> Payment:
    if receipt.charge.kind == Charge.Kind.SUBSCRIPTION:
        return pay_subscription(receipt, period, actor)
    return _pay_period_charges([receipt], pools, period, actor)[0]


def _locked(charge: Charge) -> tuple[Charge, list[ChargeLine], dict[str, Pool]]:
    """The charge as it is now with its lines and pools; pools and member are locked before it."""
    lines = list(ChargeLine.objects.filter(charge=charge).order_by("pk"))
    pools = lock_pools({line.fund for line in lines})
    lock_member(charge.member_id)
    return lock_charge(charge.pk), lines, pools


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
