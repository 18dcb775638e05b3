"""Every write of payouts: asked for, approved by two, executed, returned, cancelled."""

import hashlib
import json
from datetime import date, datetime, time

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, constraint_of, post
from members.models import Member, Role, User
from members.queries import current_representatives, holds_role
from payments.accounts import money_accounts
from payments.errors import (
    AccountMissing,
    ApprovalRefused,
    NotYetExecuted,
    PayoutAmount,
    PayoutNotCancellable,
    PayoutState,
    ReasonNeeded,
    UnknownPayout,
)
from payments.models import BankAccount, Payout, PayoutApproval, PayoutEvent

State = Payout.State
NEEDED = 2
"""treasurers who must approve; the database says so too"""
TO_APPROVE = (State.REQUESTED, State.RETURNED)
APPROVAL_REFUSALS = (
    "payments_approval_once_each",
    "payments_approval_not_by_payee",
    "payments_approval_by_treasurer",
    "payments_approval_of_what_waits",
)


def request_payout(
    *,
    member: Member,
    amount: int,
    kind: str,
    about: str,
    purse_account_id: int,
    key: str,
    actor: User | None,
    source_account_id: int | None = None,
) -> Payout:
    """A payout of so many cents that now waits for two approvals; call inside a transaction.

    Whoever calls has booked the liability on the account `payable` of this member in the same
    transaction. The purse pays when the payout is executed. With `source_account_id` it can be
    cancelled: payable then goes back there. The same key gives the first payout; raises
    KeyConflict where it was for something else, PayoutAmount where it is not above zero.
    """
    if amount <= 0:
        raise PayoutAmount(expected=1, given=amount)
    wanted = {
        "member_id": member.pk, "amount": amount, "kind": kind, "about": about,
        "purse_account_id": purse_account_id, "source_account_id": source_account_id,
    }  # fmt: skip
    return _asked_once(wanted, key, actor)


def approve_payout(*, payout_id: int, digest: str, actor: User) -> Payout:
    """One treasurer's approval of what `digest` stands for; the second one approves the payout.

    Approving again changes nothing. Raises PayoutState, AccountMissing, and ApprovalRefused where
    the sum or the account is not the one that the treasurer saw, where it is the payee, or no
    treasurer.
    """
    with transaction.atomic(durable=True):
        payout = _locked(pk=payout_id)
        if PayoutApproval.objects.filter(payout=payout, round=payout.round, user=actor).exists():
            return payout
        _require_state(payout, *TO_APPROVE)
        _require_impartial(payout, actor)
        account = _account_to_approve(payout, digest)
        _approve(payout, account, digest, actor)
        return payout


def confirm_payout(
    *, reference: str, amount: int, booked_on: date, key: str, actor: User | None
) -> Payout:
    """The payout as executed: the bank took so many cents from our account on that day.

    Books payable against the purse. The same key gives the first result. Raises UnknownPayout,
    PayoutAmount where the sum is another, PayoutState where two have not approved it or where it
    was executed before, NotYetExecuted for a day still to come or before the payout, KeyConflict.
    """
    with transaction.atomic():
        payout = _locked_by_reference(reference)
        if _done(payout, key, State.EXECUTED, amount, booked_on):
            return payout
        _require_state(payout, State.APPROVED, State.ORDERED)
        _require_sum_and_day(payout, amount, booked_on)
        txn_id = _book(payout, "payout", booked_on, actor, sign=1)
        payout.executed_on = booked_on
        return _move(payout, State.EXECUTED, actor, day=booked_on, key=key, txn_id=txn_id)


def return_payout(
    *, reference: str, amount: int, reason: str, booked_on: date, key: str, actor: User | None
) -> Payout:
    """The payout came back, or the bank did not carry it out: it is payable again.

    Money that had left is booked back from the purse to payable. The payout then waits for two new
    approvals. The same key gives the first result. Raises UnknownPayout, PayoutAmount,
    PayoutState, NotYetExecuted, KeyConflict.
    """
    with transaction.atomic():
        payout = _locked_by_reference(reference)
        if _done(payout, key, State.RETURNED, amount, booked_on):
            return payout
        _require_state(payout, State.ORDERED, State.EXECUTED)
        _require_sum_and_day(payout, amount, booked_on)
        txn_id = None
        if payout.state == State.EXECUTED:
            txn_id = _book(payout, "payout returned", booked_on, actor, sign=-1)
        _next_round(payout)
        return _move(
            payout, State.RETURNED, actor, day=booked_on, key=key, txn_id=txn_id, reason=reason
        )


def cancel_payout(*, payout_id: int, reason: str, actor: User | None) -> Payout:
    """The payout cancelled, and its sum back where it came from; a second call changes nothing.

    Raises ReasonNeeded, PayoutState once it is at the bank, and PayoutNotCancellable where
    nobody said where the sum could go back to (shares given back stay given back).
    """
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic(durable=True):
        payout = _locked(pk=payout_id)
        if payout.state == State.CANCELLED:
            return payout
        _require_state(payout, State.REQUESTED, State.APPROVED, State.RETURNED)
        if payout.source_account_id is None:
            raise PayoutNotCancellable(reference=payout.reference)
        txn_id = _book(payout, "payout cancelled", None, actor, sign=1)
        return _move(payout, State.CANCELLED, actor, txn_id=txn_id, reason=reason.strip())


def digest_of(payout: Payout, account: BankAccount) -> str:
    """SHA-256 over what a treasurer approves: who gets how much, on which account, under what."""
    told = [
        payout.reference, payout.round, payout.amount, payout.member_id,
        account.holder, account.iban, account.bic,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


def current_account(member_id: int) -> BankAccount | None:
    """The account that a member wants to be paid on now, or None."""
    return BankAccount.objects.filter(member_id=member_id).order_by("-pk").first()


def withdraw_approvals(*, member_id: int, actor: User | None, reason: str) -> None:
    """What was approved for another account waits again; call under the member's lock."""
    begun = Payout.objects.filter(member_id=member_id, account__isnull=False).filter(
        state__in=(*TO_APPROVE, State.APPROVED)
    )
    for payout in begun.select_for_update(no_key=True, of=("self",)).order_by("pk"):
        _next_round(payout)
        _move(payout, State.REQUESTED, actor, reason=reason)


def lock_payouts(ids: list[int]) -> list[Payout]:
    """These payouts as they are now, locked, in order of their ids."""
    rows = Payout.objects.filter(pk__in=ids).order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)).select_related("account"))


def order_payout(*, payout: Payout, actor: User | None) -> Payout:
    """A locked payout as part of a file to the bank; raises PayoutState unless two approved it."""
    _require_state(payout, State.APPROVED)
    return _move(payout, State.ORDERED, actor)


def _asked_once(wanted: dict[str, object], key: str, actor: User | None) -> Payout:
    number = _next_number()
    payout, made = Payout.objects.get_or_create(
        key=key,
        defaults={**wanted, "pk": number, "reference": f"PO{number:09}", "requested_by": actor},
    )
    if any(getattr(payout, name) != value for name, value in wanted.items()):
        raise KeyConflict
    if made:
        _note(payout, actor)
    return payout


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('payments_payout', 'id'))")
        return int(cursor.fetchone()[0])


def _locked(**which: object) -> Payout:
    return Payout.objects.select_for_update(no_key=True).get(**which)


def _locked_by_reference(reference: str) -> Payout:
    try:
        return _locked(reference=reference.strip().upper())
    except Payout.DoesNotExist as error:
        raise UnknownPayout(reference=reference) from error


def _account_to_approve(payout: Payout, digest: str) -> BankAccount:
    account = current_account(payout.member_id)
    if account is None:
        raise AccountMissing
    if digest != digest_of(payout, account):
        raise ApprovalRefused
    return account


def _require_impartial(payout: Payout, actor: User) -> None:
    """No treasurer whose office rests, nobody who acts for the payee; the database asks more."""
    acts_for = current_representatives().filter(user=actor, member_id=payout.member_id)
    if not holds_role(actor, Role.Name.TREASURER) or acts_for.exists():
        raise ApprovalRefused


def _approve(payout: Payout, account: BankAccount, digest: str, actor: User) -> None:
    try:
        with transaction.atomic():
            PayoutApproval.objects.create(
                payout=payout, round=payout.round, account=account, digest=digest, user=actor
            )
    except IntegrityError as error:
        if constraint_of(error) in APPROVAL_REFUSALS:
            raise ApprovalRefused from error
        raise
    payout.account = account
    payout.save(update_fields=["account"])
    given = PayoutApproval.objects.filter(payout=payout, round=payout.round).count()
    if given >= NEEDED:
        _move(payout, State.APPROVED, actor)


def _done(payout: Payout, key: str, state: str, amount: int, day: date) -> bool:
    event = PayoutEvent.objects.filter(key=key).first()
    if event is None:
        return False
    if (event.payout_id, event.state, event.day, payout.amount) != (payout.pk, state, day, amount):
        raise KeyConflict
    return True


def _require_state(payout: Payout, *states: str) -> None:
    if payout.state not in states:
        raise PayoutState(reference=payout.reference, state=Payout.State(payout.state).label)


def _require_sum_and_day(payout: Payout, amount: int, day: date) -> None:
    if amount != payout.amount:
        raise PayoutAmount(expected=payout.amount, given=amount)
    if not timezone.localdate(payout.requested_at) <= day <= timezone.localdate():
        raise NotYetExecuted


def _book(payout: Payout, kind: str, day: date | None, actor: User | None, *, sign: int) -> int:
    owner = f"member/{payout.member_id}"
    payable = money_accounts([("payable", owner)])["payable", owner]
    other = payout.purse_account_id
    if kind == "payout cancelled" and payout.source_account_id is not None:
        other = payout.source_account_id
    legs = [Leg(payable, sign * payout.amount), Leg(other, -sign * payout.amount)]
    return post(
        Posting(
            source="payments",
            key=f"payout:{payout.pk}:{payout.round}:{kind}",
            kind=kind,
            legs=legs,
            about=f"payout:{payout.pk}",
            actor=actor_name(actor),
            memo=payout.reference,
            effective_at=_end_of(day),
        )
    )


def _end_of(day: date | None) -> datetime | None:
    """The last second of a day that is over; None for today and for no day: now."""
    if day is None or day == timezone.localdate():
        return None
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def _next_round(payout: Payout) -> None:
    payout.round += 1
    payout.account, payout.executed_on = None, None


def _move(
    payout: Payout,
    state: str,
    actor: User | None,
    *,
    day: date | None = None,
    key: str = "",
    txn_id: int | None = None,
    reason: str = "",
) -> Payout:
    payout.state = state
    payout.save(update_fields=["state", "round", "account", "executed_on"])
    _note(payout, actor, day=day, key=key, txn_id=txn_id, reason=reason)
    return payout


def _note(
    payout: Payout,
    actor: User | None,
    *,
    day: date | None = None,
    key: str = "",
    txn_id: int | None = None,
    reason: str = "",
) -> None:
    PayoutEvent.objects.create(
        payout=payout, state=payout.state, round=payout.round, by=actor,
        day=day, key=key, txn_id=txn_id, reason=reason[:200],
    )  # fmt: skip
