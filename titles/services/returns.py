"""Money that goes back: what a payment brought is taken back by booked opposites."""

from collections.abc import Sequence
from datetime import date

from ledger.errors import InsufficientBalance
from ledger.models import Transaction
from ledger.queries import balance_of
from ledger.services import reverse
from members.models import User
from payments.errors import AlreadyTakenBack, CannotTakeBack
from payments.models import OWED_KINDS, Charge, ChargeLine, Payment, PaymentReturn
from payments.services import Line, lock_charge, raise_charge, require_prepaid
from titles.errors import TooFewUnits
from titles.models import CreditLot, Subscription, Title
from titles.services.chain import choose, replace
from titles.services.issue import Cause
from titles.services.locks import lock_member, lock_pools, lock_subscription
from titles.services.profit import SOURCE as PROFIT_SOURCE

SOURCE = "returns"


def take_back_payment(
    *, payment_id: int, reason: str, returned_on: date, actor: User | None, key: str
) -> PaymentReturn:
    """Undo a payment whose money went back; call inside a transaction, nothing below a pool held.

    A period's charge ends as returned and is raised again under a new reference; its equity credit
    goes. A purchase ends as cancelled: its title is cancelled, the units go back to the treasury.
    A top-up leaves the prepaid balance. The same key gives the first result. Raises
    AlreadyTakenBack, and CannotTakeBack where what it brought was used or passed on.
    """
    payment = Payment.objects.select_related("charge").get(pk=payment_id)
    pools = lock_pools(set(payment.charge.lines.values_list("fund", flat=True)))
    lock_member(payment.charge.member_id)
    charge = lock_charge(payment.charge_id)
    before = PaymentReturn.objects.filter(payment=payment).first()
    if before is not None:
        return _same(before, key, charge)
    txn_ids, again = _undo(payment, charge, list(pools), reason, actor)
    return PaymentReturn.objects.create(
        payment=payment,
        again=again,
        returned_on=returned_on,
        reason=reason[:200],
        recorded_by=actor,
        key=key,
        txn_ids=txn_ids,
    )


def _same(before: PaymentReturn, key: str, charge: Charge) -> PaymentReturn:
    if before.key != key:
        raise AlreadyTakenBack(reference=charge.reference)
    return before


def _undo(
    payment: Payment, charge: Charge, codes: Sequence[str], reason: str, actor: User | None
) -> tuple[list[int], Charge | None]:
    if charge.kind == Charge.Kind.PREPAID:
        require_prepaid(member_id=charge.member_id, amount=charge.amount)
    try:
        txn_ids = _reverse(payment, reason, actor)
        _require_credit_left(charge, codes)
        if charge.kind == Charge.Kind.SUBSCRIPTION:
            _cancel_purchase(charge, txn_ids[-1])
    except (InsufficientBalance, TooFewUnits) as error:
        raise CannotTakeBack(reference=charge.reference) from error
    charge.state = Charge.State.RETURNED
    charge.save(update_fields=["state"])
    return txn_ids, _raise_again(charge) if charge.kind in OWED_KINDS else None


def _reverse(payment: Payment, reason: str, actor: User | None) -> list[int]:
    """The opposites of the profit's transaction, if there is one, and of the payment's own."""
    profit = Transaction.objects.filter(
        source=PROFIT_SOURCE, key=f"profit:{payment.charge_id}"
    ).values_list("pk", flat=True)
    return [
        reverse(txn_id=txn_id, source=SOURCE, key=f"txn:{txn_id}", actor=actor, memo=reason[:300])
        for txn_id in [*profit, payment.txn_id]
    ]


def _require_credit_left(charge: Charge, codes: Sequence[str]) -> None:
    """No lot may be below nothing now: then its credit has become units, or was paid out."""
    lots = CreditLot.objects.filter(member_id=charge.member_id, pool__code__in=codes)
    if any(balance_of(lot.account_id) > 0 for lot in lots):
        raise CannotTakeBack(reference=charge.reference)


def _cancel_purchase(charge: Charge, txn_id: int) -> None:
    subscription = lock_subscription(Subscription.objects.get(charge=charge).pk)
    title = subscription.title
    subscription.state = Subscription.State.CANCELLED
    subscription.issued, subscription.title = 0, None
    subscription.save(update_fields=["state", "issued", "title"])
    if title is None:
        return
    chosen = choose(pool=title.pool, holder=title.member, units=title.units, numbers=[title.number])
    cause = Cause(title.origin, txn_id)
    replace(pool=title.pool, chosen=chosen, takers=[], cause=cause, state=Title.State.CANCELLED)


def _raise_again(charge: Charge) -> Charge:
    lines = [
        Line(
            kind=line.kind,
            fund=line.fund,
            quantity=line.quantity,
            rate=line.rate,
            cost=line.cost,
            profit=line.profit,
            resource=line.resource,
            cost_rate=line.cost_rate,
            period=line.period,
        )
        for line in ChargeLine.objects.filter(charge=charge).order_by("pk")
    ]
    return raise_charge(
        member=charge.member, kind=charge.kind, about=charge.about, lines=lines, due=charge.due
    )
