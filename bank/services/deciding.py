"""What a treasurer decides about a line that waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.utils import timezone

from bank.errors import BeyondLine, NoteNeeded, NotTheOtherSide, OnlyIncoming, WhoseBalance
from bank.models import Decision, Line
from bank.services.books import release, to_fee, to_payable
from bank.services.locks import lock_desk, lock_line, require_waiting
from bank.services.matching import payment_key
from bank.services.undoing import latest_of, members_of, take_back
from ledger.errors import KeyConflict
from members.models import Member, User
from payments.accounts import money_accounts
from payments.errors import UnknownReference
from payments.models import Charge, Payment, Payout
from payments.services import credit_prepaid, request_payout
from payments.services.funding import BANK, UNASSIGNED
from titles.services import Arrival, accept_arrivals, settle_within

State, Kind = Line.State, Decision.Kind
WITH_REASON = (Kind.NOT_OURS, Kind.IN_BOOKS, Kind.FEE)


@dataclass(frozen=True)
class Wish:
    """What a treasurer wants of a line; which fields count depends on the kind."""

    kind: str
    charge_ids: Sequence[int] = ()
    member_id: int | None = None
    other_id: int | None = None
    note: str = ""


@dataclass
class _Result:
    """What was done: the state of the line after it, and what stands in the decision."""

    state: str
    parts: list[dict[str, object]]
    txn_ids: list[int]


def decide(*, line_id: int, wish: Wish, actor: User | None, key: str) -> Decision:
    """Carry out one decision about a line that waits, all of it or nothing.

    Charges are paid whole out of the line, what is left goes onto the balance of `member_id`. A
    prepaid decision credits all of it, and settles what the member owes and it covers. A refund
    asks for a payout. Fees, lines that the books know already and lines that are not ours need a
    note. The same key gives the first result; KeyConflict where it was for another line or kind.
    Raises LineDecided, BeyondLine, WhoseBalance, OnlyIncoming, NoteNeeded, NotTheOtherSide, and
    what paying a charge raises.
    """
    if wish.kind in WITH_REASON and not wish.note.strip():
        raise NoteNeeded
    with transaction.atomic(durable=True):
        lock_desk(_members(wish))
        line = lock_line(line_id)
        before = Decision.objects.filter(key=key).first()
        if before is not None:
            return _same(before, line, wish)
        # Whoever decided meanwhile has committed now.
        require_waiting(line)
        result = _carry_out(line, wish, actor, key)
        line.state = result.state
        line.save(update_fields=["state", "member", "charge", "other"])
        return Decision.objects.create(
            line=line, kind=wish.kind, state=line.state, by=actor, note=wish.note.strip()[:300],
            parts=result.parts, txn_ids=result.txn_ids, key=key,
        )  # fmt: skip


def _members(wish: Wish) -> set[int]:
    found = set(Charge.objects.filter(pk__in=wish.charge_ids).values_list("member_id", flat=True))
    other = Line.objects.filter(pk=wish.other_id).first() if wish.other_id else None
    decision = latest_of(other) if other else None
    found |= members_of(decision) if decision else set()
    return found | ({wish.member_id} if wish.member_id else set())


def _same(before: Decision, line: Line, wish: Wish) -> Decision:
    if (before.line_id, before.kind) != (line.pk, wish.kind):
        raise KeyConflict
    return before


def _carry_out(line: Line, wish: Wish, actor: User | None, key: str) -> _Result:
    ways: dict[str, Callable[[], _Result]] = {
        Kind.CHARGES: partial(_charges, line, wish, actor, key),
        Kind.PREPAID: partial(_prepaid, line, wish, actor, key),
        Kind.REFUND: partial(_refund, line, wish, actor, key),
        Kind.NOT_OURS: lambda: _Result(State.NOT_OURS, [], []),
        Kind.FEE: lambda: _Result(State.DECIDED, [], [to_fee(line, _key(line, key), actor)]),
        Kind.IN_BOOKS: lambda: _Result(State.DECIDED, [], [release(line, _key(line, key), actor)]),
        Kind.RETURN: partial(_return, line, wish, actor),
    }
    return ways[wish.kind]()


def _key(line: Line, key: str) -> str:
    return f"line:{line.pk}:{key}"


def _charges(line: Line, wish: Wish, actor: User | None, key: str) -> _Result:
    charges = list(Charge.objects.filter(pk__in=wish.charge_ids).order_by("due", "pk"))
    wanted = sum(charge.amount for charge in charges)
    _require_incoming(line)
    if not charges or len(charges) < len(set(wish.charge_ids)):
        raise UnknownReference(reference="–")
    if wanted > line.amount:
        raise BeyondLine(wanted=wanted, there=line.amount)
    rest = line.amount - wanted
    if rest and wish.member_id is None:
        raise WhoseBalance
    arrivals = [_arrival(line, charge) for charge in charges]
    payments = accept_arrivals(arrivals=arrivals, actor=actor)
    parts: list[dict[str, object]] = [
        {"charge": p.charge_id, "payment": p.pk, "amount": p.amount} for p in payments
    ]
    if rest:
        parts.append(_credit(line, _member(wish), rest, actor, key))
    line.member_id = wish.member_id or charges[0].member_id
    line.charge_id = charges[0].pk
    return _Result(State.DECIDED, parts, [])


def _arrival(line: Line, charge: Charge) -> Arrival:
    """By hand the day is that of the line, or that of the charge where it was raised later."""
    return Arrival(
        charge_id=charge.pk,
        amount=charge.amount,
        received_on=max(line.booked_on, timezone.localdate(charge.created_at)),
        key=payment_key(line, charge.pk),
        source=Payment.Source.BANK,
        source_about=f"line:{line.pk}",
    )


def _prepaid(line: Line, wish: Wish, actor: User | None, key: str) -> _Result:
    _require_incoming(line)
    member = _member(wish)
    part = _credit(line, member, line.amount, actor, key)
    settle_within(member_id=member.pk, actor=actor)
    line.member = member
    return _Result(State.DECIDED, [part], [])


def _credit(
    line: Line, member: Member, amount: int, actor: User | None, key: str
) -> dict[str, object]:
    accounts = money_accounts([UNASSIGNED])
    txn_id = credit_prepaid(
        member=member,
        amount=amount,
        from_account_id=accounts[UNASSIGNED],
        key=_key(line, key),
        about=f"line:{line.identity[:16]}",
        actor=actor,
    )
    return {"prepaid": txn_id, "member": member.pk, "amount": amount}


def _refund(line: Line, wish: Wish, actor: User | None, key: str) -> _Result:
    _require_incoming(line)
    member = _member(wish)
    accounts = money_accounts([UNASSIGNED, BANK])
    txn_id = to_payable(line, member.pk, _key(line, key), actor)
    payout = request_payout(
        member=member,
        amount=line.amount,
        kind=Payout.Kind.REFUND,
        about=(line.references[0] if line.references else line.text or "refund")[:140],
        purse_account_id=accounts[BANK],
        source_account_id=accounts[UNASSIGNED],
        key=f"bank:{line.pk}:{key}",
        actor=actor,
    )
    line.member = member
    part: dict[str, object] = {
        "payout": payout.pk, "reference": payout.reference, "amount": payout.amount,
        "member": member.pk,
    }  # fmt: skip
    return _Result(State.DECIDED, [part], [txn_id])


def _return(line: Line, wish: Wish, actor: User | None) -> _Result:
    other = Line.objects.filter(pk=wish.other_id or 0).first()
    if other is None:
        raise NotTheOtherSide
    take_back(line=line, other=other, actor=actor)
    return _Result(State.RETURNED, [{"line": other.pk}], [])


def _require_incoming(line: Line) -> None:
    if line.amount < 0:
        raise OnlyIncoming


def _member(wish: Wish) -> Member:
    member = Member.objects.filter(pk=wish.member_id or 0, number__isnull=False).first()
    if member is None:
        raise WhoseBalance
    return member
