"""Payouts: two treasurers, exact sums, and every step booked once."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger.errors import KeyConflict
from ledger.queries import balance
from members.models import Member
from members.services import appoint_representative, suspend
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
from payments.models import Mail, Payout, PayoutApproval, PayoutEvent
from payments.queries import payout_digest
from payments.services import (
    approve_payout,
    cancel_payout,
    confirm_payout,
    return_payout,
    set_bank_account,
)
from tests.makers import make_member, make_steward, make_user
from tests.payments.paying_out import approve, books_wrong, make_treasurer, owe, payee, spanish_iban

pytestmark = pytest.mark.django_db(transaction=True)


def payable(payout: Payout) -> int:
    return balance("EUR", "payable", f"member/{payout.member_id}")


def execute(payout: Payout, *, amount: int | None = None, key: str = "line 1") -> Payout:
    return confirm_payout(
        reference=payout.reference,
        amount=payout.amount if amount is None else amount,
        booked_on=timezone.localdate(),
        key=key,
        actor=None,
    )


def come_back(payout: Payout, key: str = "line 2") -> Payout:
    return return_payout(
        reference=payout.reference,
        amount=payout.amount,
        reason="AC04",
        booked_on=timezone.localdate(),
        key=key,
        actor=None,
    )


def test_two_approve_and_the_bank_confirms() -> None:
    payout = owe(payee())
    assert payable(payout) == -12_345
    payout = approve(payout, make_treasurer())
    assert payout.state == Payout.State.REQUESTED
    payout = approve(payout, make_treasurer("Tania"))
    assert payout.state == Payout.State.APPROVED
    payout = execute(payout)
    assert (payout.state, payout.executed_on) == ("executed", timezone.localdate())
    assert payable(payout) == 0
    assert balance("EUR", "cash:growth", "pool/backbone") == -12_345
    assert execute(payout).pk == payout.pk
    assert PayoutEvent.objects.filter(payout=payout, state="executed").count() == 1
    assert books_wrong() == []


def test_asking_twice_under_one_key_is_one_payout() -> None:
    member = payee()
    first = owe(member, 500, key="redeem 7")
    assert owe(member, 500, key="redeem 7").pk == first.pk
    assert payable(first) == -500
    with pytest.raises(KeyConflict):
        owe(member, 501, key="redeem 7")


def test_one_treasurer_counts_once() -> None:
    payout, tomas = owe(payee()), make_treasurer()
    payout = approve(payout, tomas, tomas)
    assert (payout.state, payout.approvals.count()) == (Payout.State.REQUESTED, 1)


def test_who_must_not_approve() -> None:
    member = payee()
    payout = owe(member)
    stranger = make_user()
    with pytest.raises(ApprovalRefused):
        approve(payout, stranger)
    treasurer = make_treasurer()
    own = owe(treasurer.member)
    set_bank_account(
        member=treasurer.member, holder="Tomas", iban=spanish_iban(7), bic="", actor=treasurer
    )
    with pytest.raises(ApprovalRefused):
        approve(own, treasurer)
    with pytest.raises(ApprovalRefused):
        approve_payout(payout_id=payout.pk, digest="0" * 64, actor=treasurer)
    with pytest.raises(AccountMissing):
        approve(owe(make_member("Nora")), treasurer)


def test_the_database_itself_wants_two() -> None:
    payout = approve(owe(payee()), make_treasurer())
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(state=Payout.State.APPROVED)
    approval = PayoutApproval.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutApproval.objects.filter(pk=approval.pk).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(amount=1)


def test_another_account_needs_new_approvals() -> None:
    member = payee()
    payout = approve(owe(member), make_treasurer(), make_treasurer("Tania"))
    seen = payout_digest(payout)
    iban = spanish_iban(1)
    set_bank_account(member=member, holder="Paula", iban=iban, bic="", actor=member.user)
    payout.refresh_from_db()
    assert (payout.state, payout.round, payout.account) == ("requested", 2, None)
    third = make_treasurer("Teo")
    with pytest.raises(ApprovalRefused):
        approve_payout(payout_id=payout.pk, digest=seen, actor=third)
    with pytest.raises(PayoutState):
        execute(payout)


def test_wrong_sums_and_days_book_nothing() -> None:
    payout = approve(owe(payee()), make_treasurer(), make_treasurer("Tania"))
    with pytest.raises(PayoutAmount):
        execute(payout, amount=12_344)
    for days in (-1, 1):
        with pytest.raises(NotYetExecuted):
            confirm_payout(
                reference=payout.reference,
                amount=payout.amount,
                booked_on=timezone.localdate() + timedelta(days=days),
                key="line 1",
                actor=None,
            )
    with pytest.raises(UnknownPayout):
        confirm_payout(
            reference="PO1", amount=1, booked_on=timezone.localdate(), key="x", actor=None
        )
    assert payable(payout) == -12_345


def test_what_comes_back_is_payable_again() -> None:
    two = make_treasurer(), make_treasurer("Tania")
    payout = execute(approve(owe(payee()), *two))
    payout = come_back(payout)
    assert (payout.state, payout.round, payout.executed_on) == ("returned", 2, None)
    assert payable(payout) == -12_345
    assert come_back(payout).round == 2
    payout = execute(approve(payout, *two), key="line 3")
    assert payable(payout) == 0
    assert books_wrong() == []


def test_cancelling_books_the_opposite() -> None:
    payout = owe(payee())
    with pytest.raises(ReasonNeeded):
        cancel_payout(payout_id=payout.pk, reason=" ", actor=None)
    for _again in range(2):
        cancel_payout(payout_id=payout.pk, reason="asked for by mistake", actor=None)
    assert payable(payout) == 0
    assert balance("EUR", "capital", "backbone") == 0
    with pytest.raises(PayoutState):
        approve(payout, make_treasurer())


def test_what_has_no_way_back_stays_to_be_paid() -> None:
    payout = owe(payee(), back=False)
    with pytest.raises(PayoutNotCancellable):
        cancel_payout(payout_id=payout.pk, reason="mistake", actor=None)


def test_nobody_approves_for_whom_they_represent_or_while_suspended() -> None:
    treasurer = make_treasurer()
    mill = make_member("The Mill")
    Member.objects.filter(pk=mill.pk).update(kind=Member.Kind.ORGANISATION)
    set_bank_account(member=mill, holder="Mill", iban=spanish_iban(8), bic="", actor=mill.user)
    payout = owe(mill)
    appoint_representative(member_id=mill.pk, user=treasurer, source="Register", actor=None)
    with pytest.raises(ApprovalRefused):
        approve(payout, treasurer)
    other = make_treasurer("Tania")
    suspend(member_id=other.member.pk, text="Unpaid.", actor=None)
    with pytest.raises(ApprovalRefused):
        approve(payout, other)
    assert payout.approvals.count() == 0


def test_whoever_gets_a_first_account_from_somebody_else_is_told() -> None:
    member, steward = make_member("Paula"), make_steward()
    name = partial(set_bank_account, member=member, holder="Paula", bic="")
    name(iban=spanish_iban(9), actor=steward, reason="by letter")
    assert Mail.objects.get(member=member).key.startswith("account:")
