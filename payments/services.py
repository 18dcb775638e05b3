"""Every write of charges and payments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, merge, post_many
from members.models import Member, User
from payments.accounts import Name, money_accounts
from payments.errors import (
    AlreadyPaid,
    ChargeCancelled,
    EmptyCharge,
    NotYetReceived,
    WrongAmount,
)
from payments.models import Charge, ChargeLine, Payment
from payments.references import reference_for

NEXT_IDS = """
SELECT nextval(pg_get_serial_sequence('payments_charge', 'id')) FROM generate_series(1, %s)"""


@dataclass(frozen=True)
class Line:
    """One part of a charge: quantity × rate = cost + profit, in cents.

    `fund` is the code of the pool whose purse the money goes to.
    """

    kind: str
    fund: str
    quantity: int
    rate: int
    cost: int
    profit: int = 0
    resource: str = ""
    cost_rate: int = 0


class ChargeRow(NamedTuple):
    """One charge of a batch."""

    member_id: int
    about: str
    lines: Sequence[Line]
    txn_id: int | None = None


@dataclass(frozen=True)
class Receipt:
    """One charge that was paid, and when."""

    charge: Charge
    lines: Sequence[ChargeLine]
    received_on: date
    key: str


def raise_charge(
    *,
    member: Member,
    kind: str,
    about: str,
    lines: Sequence[Line],
    due: date,
    txn_id: int | None = None,
) -> Charge:
    """One charge with its own reference; call inside a transaction. Raises EmptyCharge."""
    charges = raise_charges(rows=[ChargeRow(member.pk, about, lines, txn_id)], due=due, kind=kind)
    if not charges:
        raise EmptyCharge
    return charges[0]


def raise_charges(
    *, rows: Sequence[ChargeRow], due: date, kind: str = Charge.Kind.PERIOD
) -> list[Charge]:
    """Many charges at once, each with its own reference; call inside a transaction.

    A row that sums to nothing gives no charge. A period is charged to a member once only: the
    database refuses a second time.
    """
    rows = [ChargeRow(*row) for row in rows]
    wanted = [row for row in rows if total(row.lines) > 0]
    charges = [
        Charge(
            pk=number,
            member_id=row.member_id,
            kind=kind,
            about=row.about,
            reference=reference_for(number),
            amount=total(row.lines),
            due=due,
            txn_id=row.txn_id,
        )
        for number, row in zip(_next_ids(len(wanted)), wanted, strict=True)
    ]
    Charge.objects.bulk_create(charges)
    ChargeLine.objects.bulk_create(
        _line(charge, line)
        for charge, row in zip(charges, wanted, strict=True)
        for line in row.lines
    )
    return charges


def total(lines: Sequence[Line]) -> int:
    """Cents of all lines."""
    return sum(line.cost + line.profit for line in lines)


def _next_ids(number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_IDS, [number])
        return [row[0] for row in cursor.fetchall()]


def _line(charge: Charge, line: Line) -> ChargeLine:
    return ChargeLine(
        charge=charge,
        kind=line.kind,
        fund=line.fund,
        resource=line.resource,
        quantity=line.quantity,
        rate=line.rate,
        cost_rate=line.cost_rate,
        cost=line.cost,
        profit=line.profit,
    )


@transaction.atomic
def cancel_charge(*, charge_id: int, actor: User | None) -> Charge:
    """A charge that nobody needs to pay any more; a second call changes nothing.

    Only for offers to pay: what stands in the books as owed is reversed there. Raises AlreadyPaid.
    """
    charge = lock_charge(charge_id)
    if charge.state == Charge.State.PAID:
        raise AlreadyPaid(reference=charge.reference)
    charge.state = Charge.State.CANCELLED
    charge.save(update_fields=["state"])
    return charge


def lock_charge(charge_id: int) -> Charge:
    """The charge as it is now, locked; raises Charge.DoesNotExist."""
    return Charge.objects.select_for_update(no_key=True).get(pk=charge_id)


def require_payable(*, charge: Charge, amount: int, received_on: date) -> None:
    """Refuse what cannot pay this charge; the charge is locked.

    Raises AlreadyPaid, ChargeCancelled, WrongAmount, NotYetReceived.
    """
    if charge.state == Charge.State.PAID:
        raise AlreadyPaid(reference=charge.reference)
    if charge.state == Charge.State.CANCELLED:
        raise ChargeCancelled(reference=charge.reference)
    if amount != charge.amount:
        raise WrongAmount(expected=charge.amount, given=amount)
    if received_on > timezone.localdate():
        raise NotYetReceived


def payment_before(*, charge: Charge, amount: int, key: str) -> Payment | None:
    """The payment recorded under this key, if any; KeyConflict where it was for something else."""
    payment = Payment.objects.filter(key=key).first()
    if payment and (payment.charge_id, payment.amount) != (charge.pk, amount):
        raise KeyConflict
    return payment


def record_payment(
    *, charge_id: int, amount: int, received_on: date, actor: User | None, key: str
) -> Payment:
    """Money for a period's charge: less owed, more cash; call inside a transaction.

    The cost part of each line goes to the operating cash of its pool; the profit part goes there
    too, and titles moves it on. Raises what `require_payable` raises, KeyConflict.
    """
    charge = lock_charge(charge_id)
    before = payment_before(charge=charge, amount=amount, key=key)
    if before is not None:
        return before
    require_payable(charge=charge, amount=amount, received_on=received_on)
    lines = list(ChargeLine.objects.filter(charge=charge))
    return record_receipts(receipts=[Receipt(charge, lines, received_on, key)], actor=actor)[0]


def record_receipts(*, receipts: Sequence[Receipt], actor: User | None) -> list[Payment]:
    """Money for many locked, payable period charges, booked in one go."""
    accounts = _accounts(receipts)
    postings = [_posting(receipt, accounts, actor) for receipt in receipts]
    paid = zip(receipts, post_many(postings), strict=True)
    return mark_paid(receipts=[(receipt, txn_id) for receipt, txn_id in paid], actor=actor)


def mark_paid(*, receipts: Sequence[tuple[Receipt, int]], actor: User | None) -> list[Payment]:
    """Payments for locked charges whose money is booked; call inside a transaction."""
    ids = [receipt.charge.pk for receipt, _txn_id in receipts]
    Charge.objects.filter(pk__in=ids).update(state=Charge.State.PAID)
    return Payment.objects.bulk_create(
        Payment(
            charge=receipt.charge,
            amount=receipt.charge.amount,
            profit=sum(line.profit for line in receipt.lines),
            received_on=receipt.received_on,
            recorded_by=actor,
            key=receipt.key,
            txn_id=txn_id,
        )
        for receipt, txn_id in receipts
    )


def _accounts(receipts: Sequence[Receipt]) -> dict[Name, int]:
    purses = {("cash:operating", f"pool/{line.fund}") for r in receipts for line in r.lines}
    return money_accounts(
        purses | {("receivable", f"member/{r.charge.member_id}") for r in receipts}
    )


def _posting(receipt: Receipt, accounts: dict[Name, int], actor: User | None) -> Posting:
    charge = receipt.charge
    legs = [Leg(accounts["receivable", f"member/{charge.member_id}"], -charge.amount)]
    for line in receipt.lines:
        account = accounts["cash:operating", f"pool/{line.fund}"]
        legs.append(Leg(account, line.cost + line.profit))
    return Posting(
        source="payments",
        key=f"charge:{charge.pk}",
        kind="payment",
        legs=merge(legs),
        about=f"charge:{charge.pk}",
        actor=actor_name(actor),
        memo=charge.reference,
    )
