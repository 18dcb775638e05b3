"""Every write of charges and payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ledger.services import Leg, Posting, actor_name, merge, post_many
from members.models import Member, User
from payments.accounts import Name, money_accounts
from payments.errors import (
    AlreadyPaid,
    ChargeCancelled,
    EmptyCharge,
    NotYetReceived,
    ReceivedTooEarly,
    WrongAmount,
)
from payments.models import Charge, Payment
from payments.services.funding import funding_legs, funding_names
from payments.services.receipts import Receipt

RAISE = """
WITH lines AS MATERIALIZED ({lines}), totals AS (
    SELECT member_id, sum(cost + profit)::bigint AS amount FROM lines
    GROUP BY member_id HAVING sum(cost + profit) > 0 ORDER BY member_id
), numbered AS (
    SELECT nextval(pg_get_serial_sequence('payments_charge', 'id')) AS id, * FROM totals
), charges AS (
    INSERT INTO payments_charge (id, member_id, kind, about, reference, amount, state,
                                 created_at, due)
    SELECT id, member_id, %(charge_kind)s, %(charge_about)s, payments_reference(id), amount,
           'open', clock_timestamp(), %(charge_due)s
    FROM numbered RETURNING id, member_id
), detailed AS (
    INSERT INTO payments_chargeline (charge_id, kind, fund, resource, quantity, rate, cost_rate,
                                     cost, profit, period)
    SELECT c.id, l.kind, l.fund, l.resource, l.quantity, l.rate, l.cost_rate, l.cost, l.profit,
           {period}
    FROM charges c JOIN lines l USING (member_id) ORDER BY c.id
)
SELECT {result}"""
IDS, COUNT = "id FROM charges ORDER BY id", "count(*) FROM charges"
LINE_COLUMNS = {
    "kind": "text",
    "fund": "text",
    "resource": "text",
    "quantity": "bigint",
    "rate": "bigint",
    "cost_rate": "bigint",
    "cost": "bigint",
    "profit": "bigint",
    "period": "text",
}
ONE_MEMBER = "SELECT %(member)s::bigint AS member_id, {} FROM unnest({}) AS l({})".format(
    ", ".join(LINE_COLUMNS),
    ", ".join(f"%(line_{name})s::{kind}[]" for name, kind in LINE_COLUMNS.items()),
    ", ".join(LINE_COLUMNS),
)


@dataclass(frozen=True)
class Line:
    """One part of a charge: quantity × rate = cost + profit, in cents.

    `fund` is the code of the pool whose purse the money goes to; `period` the closed one that an
    adjustment is for.
    """

    kind: str
    fund: str
    quantity: int
    rate: int
    cost: int
    profit: int = 0
    resource: str = ""
    cost_rate: int = 0
    period: str = ""


def raise_charge(
    *, member: Member, kind: str, about: str, lines: Sequence[Line], due: date
) -> Charge:
    """One charge with its own reference; call inside a transaction. Raises EmptyCharge."""
    columns = {f"line_{n}": [getattr(line, n) for line in lines] for n in LINE_COLUMNS}
    ids = raise_charges(
        lines=ONE_MEMBER,
        params={**columns, "member": member.pk},
        kind=kind,
        about=about,
        due=due,
        with_periods=True,
    )
    if not ids:
        raise EmptyCharge
    return Charge.objects.get(pk=ids[0])


def raise_charges(
    *,
    lines: str,
    params: Mapping[str, Any],
    about: str,
    due: date,
    kind: str = Charge.Kind.PERIOD,
    with_periods: bool = False,
) -> list[int]:
    """Many charges in one statement, each with its own reference; their ids, by member.

    `lines` is SQL that gives (member_id, kind, fund, resource, quantity, rate, cost_rate, cost,
    profit), and where `with_periods` the closed period of an adjustment. A member whose lines sum
    to nothing gets no charge. A period is charged to a member once only: the database refuses a
    second time. Call inside a transaction.
    """
    period = "l.period" if with_periods else "''"
    values = {**params, "charge_kind": kind, "charge_about": about, "charge_due": due}
    with connection.cursor() as cursor:
        cursor.execute(RAISE.format(lines=lines, period=period, result=IDS), values)
        return [row[0] for row in cursor.fetchall()]


def charge_everybody(*, lines: str, params: Mapping[str, Any], about: str, due: date) -> int:
    """What `raise_charges` does with the charges of a period, for any number of members.

    Gives only how many charges there are. `lines` names the closed periods of adjustments.
    """
    kind = Charge.Kind.PERIOD
    values = {**params, "charge_kind": kind, "charge_about": about, "charge_due": due}
    with connection.cursor() as cursor:
        cursor.execute(RAISE.format(lines=lines, period="l.period", result=COUNT), values)
        count: int = cursor.fetchone()[0]
    return count


@transaction.atomic
def cancel_charge(*, charge_id: int, actor: User | None) -> Charge:
    """A charge that nobody needs to pay any more; a second call changes nothing.

    One whose money went back stays as it is.

    Only for offers to pay: what stands in the books as owed is reversed there. Raises AlreadyPaid.
    """
    charge = lock_charge(charge_id)
    if charge.state == Charge.State.PAID:
        raise AlreadyPaid(reference=charge.reference)
    if charge.state == Charge.State.OPEN:
        charge.state = Charge.State.CANCELLED
        charge.save(update_fields=["state"])
    return charge


def lock_charge(charge_id: int) -> Charge:
    """The charge as it is now, locked; raises Charge.DoesNotExist."""
    return Charge.objects.select_for_update(no_key=True).get(pk=charge_id)


def require_payable(*, charge: Charge, amount: int, received_on: date) -> None:
    """Refuse what cannot pay this charge; the charge is locked.

    Raises AlreadyPaid, ChargeCancelled, WrongAmount, NotYetReceived, ReceivedTooEarly.
    """
    if charge.state == Charge.State.PAID:
        raise AlreadyPaid(reference=charge.reference)
    if charge.state in (Charge.State.CANCELLED, Charge.State.RETURNED):
        raise ChargeCancelled(reference=charge.reference)
    if amount != charge.amount:
        raise WrongAmount(expected=charge.amount, given=amount)
    if received_on > timezone.localdate():
        raise NotYetReceived
    raised_on = timezone.localdate(charge.created_at)
    if received_on < raised_on:
        raise ReceivedTooEarly(since=raised_on)


def record_receipts(*, receipts: Sequence[Receipt], actor: User | None) -> list[Payment]:
    """Money for many locked, payable period charges, booked in one go: less owed, more cash.

    All of a line goes to the operating cash of its pool; titles moves the profit part on. Call
    inside a transaction.
    """
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
            source=receipt.source,
            source_about=receipt.source_about,
            txn_id=txn_id,
        )
        for receipt, txn_id in receipts
    )


def _accounts(receipts: Sequence[Receipt]) -> dict[Name, int]:
    purses = {("cash:operating", f"pool/{line.fund}") for r in receipts for line in r.lines}
    return money_accounts(
        purses
        | funding_names(receipts)
        | {("receivable", f"member/{r.charge.member_id}") for r in receipts}
    )


def _posting(receipt: Receipt, accounts: dict[Name, int], actor: User | None) -> Posting:
    charge = receipt.charge
    legs = [Leg(accounts["receivable", f"member/{charge.member_id}"], -charge.amount)]
    legs += funding_legs(receipt, accounts)
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
