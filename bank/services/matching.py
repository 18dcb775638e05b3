"""Looking at new lines: what is certain is booked, the rest waits for a treasurer."""

from collections.abc import Sequence

from django.db import transaction

from bank.models import Decision, Line
from bank.services.books import release
from bank.services.locks import lock_desk, lock_new
from bank.services.plan import Found, plan
from bank.services.undoing import take_back
from ledger.errors import DomainError
from members.models import User
from payments.models import Payment
from payments.services import confirm_payout, return_payout
from titles.services import Arrival, accept_arrivals

State, Kind = Line.State, Decision.Kind
CHUNK = 100


def match_lines(*, actor: User | None = None, limit: int = CHUNK) -> int:
    """Look at up to so many new lines, in one transaction; how many were looked at.

    A line that names one open charge and its exact amount pays it, with all that follows. Payouts
    of ours that left or came back are confirmed; what takes an earlier line back reopens what that
    line paid. Everything else waits. Safe to repeat and to run at the same moment: a line is
    looked at once.
    """
    ids = list(
        Line.objects.filter(state=State.NEW).order_by("pk")[:limit].values_list("pk", flat=True)
    )
    if not ids:
        return 0
    with transaction.atomic(durable=True):
        wanted = plan(list(Line.objects.filter(pk__in=ids).order_by("pk")))
        lock_desk(_members(wanted))
        # What was read before the locks may be old.
        found = plan(lock_new(ids))
        _settle(found, actor)
    return len(ids)


def match_all(*, actor: User | None = None) -> int:
    """Look at every new line, chunk by chunk."""
    total = 0
    while looked := match_lines(actor=actor):
        total += looked
    return total


def _members(found: Sequence[Found]) -> set[int]:
    about = [thing for one in found for thing in (one.charge, one.payout) if thing is not None]
    back = [other for one in found if one.line.is_return for other in _others(one.line)]
    of_lines = Line.objects.filter(pk__in=[line.pk for line in back]).exclude(member=None)
    return {thing.member_id for thing in about} | set(of_lines.values_list("member_id", flat=True))


def _settle(found: Sequence[Found], actor: User | None) -> None:
    paying = [one for one in found if one.state == State.MATCHED and one.charge is not None]
    special = [one for one in found if one.payout is not None or one.line.is_return]
    done = {one.line.pk for one in (*paying, *special)}
    plain = [_step(one, Kind.LOOKED) for one in found if one.line.pk not in done]
    _keep([*_pay(paying, actor), *plain])
    # After the others, which one of these may take back.
    for one in special:
        if one not in paying:
            _keep([_special_step(one, actor)])


def _keep(steps: Sequence[Decision]) -> None:
    Line.objects.bulk_update(
        [step.line for step in steps], ["state", "charge", "member", "other"], batch_size=500
    )
    Decision.objects.bulk_create(steps)


def _pay(paying: Sequence[Found], actor: User | None) -> list[Decision]:
    """All that pays a charge exactly, at once; one by one where one of them is refused."""
    try:
        with transaction.atomic():
            payments = accept_arrivals(arrivals=[_arrival(one) for one in paying], actor=actor)
    except DomainError:
        return [_pay_one(one, actor) for one in paying]
    return [_paid(one, payment) for one, payment in zip(paying, payments, strict=True)]


def _pay_one(one: Found, actor: User | None) -> Decision:
    try:
        with transaction.atomic():
            return _paid(one, accept_arrivals(arrivals=[_arrival(one)], actor=actor)[0])
    except DomainError as error:
        return _step(Found(one.line, State.BY_HAND, one.charge, note=str(error)), Kind.LOOKED)


def _arrival(one: Found) -> Arrival:
    assert one.charge is not None
    return Arrival(
        charge_id=one.charge.pk,
        amount=one.line.amount,
        received_on=one.line.booked_on,
        key=payment_key(one.line, one.charge.pk),
        source=Payment.Source.BANK,
        source_about=f"line:{one.line.pk}",
    )


def payment_key(line: Line, charge_id: int) -> str:
    """The key of the payment that a line makes for a charge."""
    return f"bank:{line.pk}:{charge_id}"


def _paid(one: Found, payment: Payment) -> Decision:
    part: dict[str, object] = {
        "charge": payment.charge_id,
        "payment": payment.pk,
        "amount": payment.amount,
    }
    return _step(one, Kind.MATCHED, parts=[part])


def _special_step(one: Found, actor: User | None) -> Decision:
    try:
        with transaction.atomic():
            if one.payout is not None:
                return _payout(one, actor)
            other = _only_other(one.line)
            if other is not None:
                return _take_back(one, other, actor)
    except DomainError as error:
        one = Found(one.line, State.BY_HAND, one.charge, note=str(error))
    return _step(one, Kind.LOOKED)


def _payout(one: Found, actor: User | None) -> Decision:
    line, payout = one.line, one.payout
    assert payout is not None
    key, left = f"bank:{line.pk}", line.amount < 0
    if left:
        confirm_payout(
            reference=payout.reference,
            amount=payout.amount,
            booked_on=line.booked_on,
            key=key,
            actor=actor,
        )
    else:
        return_payout(
            reference=payout.reference,
            amount=payout.amount,
            reason=line.reason or line.text[:140],
            booked_on=line.booked_on,
            key=key,
            actor=actor,
        )
    txn_id = release(line, f"look:{line.pk}", actor)
    part: dict[str, object] = {
        "payout": payout.pk, "reference": payout.reference, "amount": payout.amount,
    }  # fmt: skip
    line.member_id = payout.member_id
    kind = Kind.PAYOUT if left else Kind.PAYOUT_BACK
    return _step(one, kind, parts=[part], txn_ids=[txn_id])


def _others(line: Line) -> list[Line]:
    """The earlier lines that this one may take back: same amount the other way, same names."""
    if line.amount > 0 or not line.is_return:
        return []
    earlier = Line.objects.filter(
        amount=-line.amount, booked_on__lte=line.booked_on, other=None
    ).exclude(pk=line.pk)
    named = earlier.none()
    if line.end_to_end:
        named = earlier.filter(end_to_end=line.end_to_end)
    if not named and line.references:
        named = earlier.filter(references__overlap=line.references)
    return list(named.order_by("pk")[:2])


def _only_other(line: Line) -> Line | None:
    others = _others(line)
    return others[0] if len(others) == 1 and others[0].state != State.NEW else None


def _take_back(one: Found, other: Line, actor: User | None) -> Decision:
    take_back(line=one.line, other=other, actor=actor)
    return _step(Found(one.line, State.RETURNED, note=one.line.reason), Kind.RETURN)


def _step(
    one: Found,
    kind: str,
    *,
    parts: Sequence[dict[str, object]] = (),
    txn_ids: Sequence[int] = (),
) -> Decision:
    line = one.line
    line.state = one.state
    if one.charge is not None:
        line.charge_id, line.member_id = one.charge.pk, one.charge.member_id
    return Decision(
        line=line,
        kind=kind,
        state=line.state,
        note=one.note[:300],
        parts=list(parts),
        txn_ids=list(txn_ids),
        key=f"look:{line.pk}",
    )
