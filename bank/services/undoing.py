"""Taking decisions back: every one by a booked opposite, the history kept."""

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from bank.errors import NoteNeeded, NothingToUndo, NotTheOtherSide, PayoutFirst
from bank.models import UNASSIGNED, Decision, Line
from bank.orders.services import note_returns
from bank.services.locks import lock_desk, lock_line
from ledger.errors import KeyConflict
from ledger.services import reverse
from members.models import User
from payments.models import Payment, Payout
from payments.services import require_prepaid, return_payout
from titles.services import take_back_payment

State, Kind = Line.State, Decision.Kind
SOURCE = "bank"
NOT_UNDONE = (Kind.LOOKED, Kind.UNDONE, Kind.PAYOUT_BACK)


def undo(*, decision_id: int, reason: str, actor: User | None, key: str) -> Decision:
    """Take the latest decision of a line back; its money waits again. The same key gives the first.

    Raises NoteNeeded, NothingToUndo, CannotTakeBack where what a payment brought was used since,
    PrepaidTooLow, PayoutFirst where a refund is still on its way, KeyConflict.
    """
    if not reason.strip():
        raise NoteNeeded
    with transaction.atomic(durable=True):
        found = Decision.objects.select_related("line").get(pk=decision_id)
        lock_desk(members_of(found))
        line = lock_line(found.line_id)
        before = Decision.objects.filter(key=key).first()
        if before is not None:
            return _same(before, found)
        decision = latest_of(line)
        if decision is None or decision.pk != found.pk:
            raise NothingToUndo
        return take_decision_back(line, decision, reason=reason.strip(), actor=actor, key=key)


def latest_of(line: Line) -> Decision | None:
    """The decision of a line that stands and can be taken back, or None."""
    return (
        line.decisions.exclude(kind__in=NOT_UNDONE).filter(undone_by=None).order_by("-pk").first()
    )


def take_decision_back(
    line: Line, decision: Decision, *, reason: str, actor: User | None, key: str
) -> Decision:
    """The opposite of a decision, for a locked line; call inside a transaction."""
    txn_ids: list[int] = []
    for part in decision.parts:
        txn_ids += _part_back(line, decision, part, reason, actor)
    for txn_id in decision.txn_ids:
        if decision.kind != Kind.REFUND:
            txn_ids.append(_reverse(txn_id, reason, actor))
    if decision.kind == Kind.RETURN:
        _part_lines(line, reason, actor, key)
    line.state = State.BY_HAND
    line.save(update_fields=["state", "other"])
    return Decision.objects.create(
        line=line,
        kind=Kind.UNDONE,
        state=line.state,
        by=actor,
        note=reason[:300],
        txn_ids=txn_ids,
        key=key,
        undoes=decision,
    )


def take_back(*, line: Line, other: Line, actor: User | None) -> None:
    """The locked `line` takes `other` back: what that one paid is open again, both are done.

    Nothing is booked for the two themselves: on `unassigned` they cancel each other out. Raises
    NotTheOtherSide, and what taking the other's decision back raises. The caller keeps `line`.
    """
    other = lock_line(other.pk)
    decision = latest_of(other)
    if other.amount != -line.amount or other.other_id is not None:
        raise NotTheOtherSide
    if other.state not in UNASSIGNED:
        if decision is None:
            raise NotTheOtherSide
        reason = line.reason or line.text or f"line {line.pk}"
        take_decision_back(
            other, decision, reason=reason, actor=actor, key=f"back:{line.pk}:{decision.pk}"
        )
        note_returns(
            charge_ids=[part["charge"] for part in decision.parts if "charge" in part],
            reason=reason, booked_on=line.booked_on, key=f"line:{line.pk}", actor=actor,
        )  # fmt: skip
    other.state, other.other = State.RETURNED, line
    other.save(update_fields=["state", "other"])
    Decision.objects.create(
        line=other, kind=Kind.RETURN, state=other.state, by=actor,
        parts=[{"line": line.pk}], key=f"by:{line.pk}:{other.decisions.count()}",
    )  # fmt: skip
    line.other = other


def members_of(decision: Decision) -> set[int]:
    """The members whose money a decision moved."""
    payments = [part["payment"] for part in decision.parts if "payment" in part]
    found = set(Payment.objects.filter(pk__in=payments).values_list("charge__member_id", flat=True))
    found |= {part["member"] for part in decision.parts if "member" in part}
    return found | {pk for pk in (decision.line.member_id,) if pk is not None}


def _same(before: Decision, decision: Decision) -> Decision:
    if before.undoes_id != decision.pk:
        raise KeyConflict
    return before


def _part_back(
    line: Line,
    decision: Decision,
    part: Mapping[str, int],
    reason: str,
    actor: User | None,
) -> Sequence[int]:
    today = timezone.localdate()
    if "payment" in part:
        back = take_back_payment(
            payment_id=part["payment"],
            reason=reason,
            returned_on=today,
            actor=actor,
            key=f"bank:{decision.pk}:{part['payment']}",
        )
        return back.txn_ids
    if "prepaid" in part:
        require_prepaid(member_id=part["member"], amount=part["amount"])
        return [_reverse(part["prepaid"], reason, actor)]
    if "payout" in part:
        _payout_back(line, decision, Payout.objects.get(pk=part["payout"]), reason, actor)
    return []


def _payout_back(
    line: Line, decision: Decision, payout: Payout, reason: str, actor: User | None
) -> None:
    """A refund must be cancelled first, which books it back; a payout is payable again."""
    if decision.kind == Kind.REFUND:
        if payout.state != Payout.State.CANCELLED:
            raise PayoutFirst(reference=payout.reference)
        return
    return_payout(
        reference=payout.reference,
        amount=payout.amount,
        reason=reason,
        booked_on=line.booked_on,
        key=f"bank:undo:{decision.pk}",
        actor=actor,
    )


def _reverse(txn_id: int, reason: str, actor: User | None) -> int:
    return reverse(
        txn_id=txn_id, source=SOURCE, key=f"undo:{txn_id}", actor=actor, memo=reason[:300]
    )


def _part_lines(line: Line, reason: str, actor: User | None, key: str) -> None:
    """Two lines that took each other back wait again, each for itself."""
    if line.other_id is None:
        raise NothingToUndo
    other = lock_line(line.other_id)
    decision = latest_of(other)
    other.state, other.other = State.BY_HAND, None
    other.save(update_fields=["state", "other"])
    line.other = None
    Decision.objects.create(
        line=other, kind=Kind.UNDONE, state=other.state, by=actor, note=reason[:300],
        key=f"{key}:other"[:80], undoes=decision,
    )  # fmt: skip
