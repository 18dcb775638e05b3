"""Money that arrives: units and a title for a purchase, equity credit for paid profit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, User
from payments.errors import NotFromPrepaid, UnknownReference
from payments.models import OWED_KINDS, Charge, ChargeLine, Payment
from payments.queries import charge_by_reference
from payments.references import compact
from payments.services import (
    Receipt,
    record_receipts,
    record_top_ups,
    require_payable,
    require_prepaid,
)
from titles.services.campaigns import pay_prepayment
from titles.services.locks import lock_members, lock_pools
from titles.services.profit import credit_profits
from titles.services.purchase import pay_subscription

Source = Payment.Source


@dataclass(frozen=True)
class Arrival:
    """Money for one charge: cents, the day, the key, and where it came from (Payment.Source)."""

    charge_id: int
    amount: int
    received_on: date
    key: str
    source: str = Source.HAND
    source_about: str = ""
    period_code: str | None = None

    @property
    def period(self) -> str:
        """The period in which credit arises: that given, else the month of arrival."""
        return self.period_code or f"{self.received_on:%Y-%m}"


@transaction.atomic(durable=True)
def accept_payment(
    *,
    reference: str,
    amount: int,
    received_on: date,
    actor: User | None,
    key: str,
    period_code: str | None = None,
    from_prepaid: bool = False,
    source: str = Source.HAND,
    source_about: str = "",
) -> Payment:
    """Book money that arrived for a charge, and all that follows from it, in one transaction.

    A purchase: cash to the growth fund, capital, units and a signed title; money that finds no
    unit becomes equity credit. A period's charge: less owed, more cash, and the profit part turns
    into equity credit of the period in which it was paid (`period_code`, else the month of
    `received_on`). A top-up: the member's prepaid balance. Only the exact amount is taken. The
    same key gives the first result. Raises UnknownReference, WrongAmount, AlreadyPaid,
    ChargeCancelled, NotYetReceived, ReceivedTooEarly, PrepaidTooLow, KeyConflict.
    """
    charge = charge_by_reference(compact(reference))
    if charge is None:
        raise UnknownReference(reference=reference)
    source = Source.PREPAID if from_prepaid else source
    arrival = Arrival(charge.pk, amount, received_on, key, source, source_about, period_code)
    return accept_arrivals(arrivals=[arrival], actor=actor)[0]


def accept_arrivals(*, arrivals: Sequence[Arrival], actor: User | None) -> list[Payment]:
    """What `accept_payment` does, for many charges in few statements: all or none.

    Call inside a transaction that holds nothing lower than a pool yet. Payments in the order
    given; a key that was used before gives its payment again. Raises what accept_payment raises.
    """
    ids = [arrival.charge_id for arrival in arrivals]
    lines = _lines_of(ids)
    pools = lock_pools({line.fund for found in lines.values() for line in found})
    lock_members(Member.objects.filter(charges__in=ids))
    charges = _locked(ids)
    paid = _paid_before(arrivals)
    receipts = [
        (_receipt(arrival, charges[arrival.charge_id], lines[arrival.charge_id]), arrival.period)
        for arrival in arrivals
        if arrival.key not in paid
    ]
    _require_once(receipts)
    _require_balances([receipt for receipt, _period in receipts])
    for payment in _pay(receipts, pools, actor):
        paid[payment.key] = payment
    return [paid[arrival.key] for arrival in arrivals]


def _paid_before(arrivals: Sequence[Arrival]) -> dict[str, Payment]:
    """Payments recorded under these keys; KeyConflict where one was for something else."""
    wanted = {arrival.key: arrival for arrival in arrivals}
    found = {payment.key: payment for payment in Payment.objects.filter(key__in=wanted)}
    for key, payment in found.items():
        if (payment.charge_id, payment.amount) != (wanted[key].charge_id, wanted[key].amount):
            raise KeyConflict
    return found


def _lines_of(charge_ids: Sequence[int]) -> dict[int, list[ChargeLine]]:
    lines: dict[int, list[ChargeLine]] = {charge_id: [] for charge_id in charge_ids}
    for line in ChargeLine.objects.filter(charge__in=charge_ids).order_by("pk"):
        lines[line.charge_id].append(line)
    return lines


def _locked(charge_ids: Sequence[int]) -> dict[int, Charge]:
    found = Charge.objects.select_for_update(no_key=True).filter(pk__in=charge_ids)
    return {charge.pk: charge for charge in found.order_by("pk")}


def _receipt(arrival: Arrival, charge: Charge, lines: Sequence[ChargeLine]) -> Receipt:
    require_payable(charge=charge, amount=arrival.amount, received_on=arrival.received_on)
    if charge.kind == Charge.Kind.PREPAID and arrival.source == Source.PREPAID:
        raise NotFromPrepaid
    return Receipt(
        charge, lines, arrival.received_on, arrival.key, arrival.source, arrival.source_about
    )


def _require_once(receipts: Sequence[tuple[Receipt, str]]) -> None:
    if len({receipt.charge.pk for receipt, _period in receipts}) < len(receipts):
        raise KeyConflict


def _require_balances(receipts: Sequence[Receipt]) -> None:
    """Nobody pays more from a prepaid balance than there is; the members are locked."""
    wanted: dict[int, int] = {}
    for receipt in receipts:
        if receipt.source == Source.PREPAID:
            member_id = receipt.charge.member_id
            wanted[member_id] = wanted.get(member_id, 0) + receipt.charge.amount
    for member_id, amount in wanted.items():
        require_prepaid(member_id=member_id, amount=amount)


def _pay(
    receipts: Sequence[tuple[Receipt, str]], pools: dict[str, Pool], actor: User | None
) -> list[Payment]:
    """By kind of charge: the owed ones and the top-ups at once, purchases in order."""
    payments = []
    for period in sorted({period for _receipt, period in receipts}):
        owed = [r for r, p in receipts if p == period and r.charge.kind in OWED_KINDS]
        payments += _pay_period_charges(owed, pools, period, actor)
    top_ups = [r for r, _period in receipts if r.charge.kind == Charge.Kind.PREPAID]
    payments += record_top_ups(receipts=top_ups, actor=actor)
    for receipt, period in receipts:
        if receipt.charge.kind == Charge.Kind.SUBSCRIPTION:
            payments.append(pay_subscription(receipt, period, actor))
        elif receipt.charge.kind == Charge.Kind.CAMPAIGN:
            payments.append(pay_prepayment(receipt, period, actor))
    return payments


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
    lines = _lines_of([charge.pk for charge in charges])
    day = received_on or timezone.localdate()
    receipts = [Receipt(c, lines[c.pk], day, f"settle:{c.reference}") for c in charges]
    return _pay_period_charges(receipts, pools, period_code, actor)


def _pay_period_charges(
    receipts: Sequence[Receipt], pools: dict[str, Pool], period: str, actor: User | None
) -> list[Payment]:
    payments = record_receipts(receipts=receipts, actor=actor)
    credit_profits(receipts=receipts, pools=pools, period=period, actor=actor)
    return payments
