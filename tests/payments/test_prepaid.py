"""Paying ahead, settling from it, having it back; payment services."""

import pytest
from django.test import Client
from django.utils import timezone

from ledger.errors import KeyConflict
from members.models import Cooperative, Member
from payments.errors import NotFromPrepaid, PrepaidTooLow
from payments.models import Charge, Payment, Payout, ProviderNotice
from payments.providers import demo
from payments.services import (
    ask_for_prepaid,
    prepaid_balance,
    refund_prepaid,
    wish_to_settle,
)
from payments.transfers import transfer_for
from tests.bank.books import all_wrong, balance_of, own_charge
from tests.makers import make_member, make_pool, reserve
from titles.services import accept_payment, settle_from_prepaid, sweep_wishes

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()


def top_up(member: Member, amount: int) -> Charge:
    charge = ask_for_prepaid(member=member, amount=amount, actor=None, key=f"top {amount}")
    accept_payment(
        reference=charge.reference,
        amount=amount,
        received_on=TODAY,
        actor=None,
        key=f"pay {charge.pk}",
    )
    return charge


def test_a_top_up_has_its_reference_and_code_and_comes_once() -> None:
    member = make_member()
    charge = ask_for_prepaid(member=member, amount=500, actor=None, key="k")
    assert ask_for_prepaid(member=member, amount=500, actor=None, key="k") == charge
    with pytest.raises(KeyConflict):
        ask_for_prepaid(member=member, amount=501, actor=None, key="k")
    assert charge.reference.startswith("RF") and "<svg" in transfer_for(charge).qr
    top_up(member, 700)
    assert (prepaid_balance(member), balance_of("cash:bank"), all_wrong()) == (700, 700, [])


def test_owed_charges_are_settled_whole_the_longest_due_first() -> None:
    member, pool = make_member(), make_pool()
    for number, cost in enumerate((300, 900, 100), 1):
        own_charge(member, pool, cost=cost, profit=10 * number, code=f"2026-0{number}")
    top_up(member, 450)
    paid = settle_from_prepaid(member=member, actor=None)
    assert [payment.amount for payment in paid] == [310, 130]
    assert {payment.source for payment in paid} == {Payment.Source.PREPAID}
    assert settle_from_prepaid(member=member, actor=None) == []
    assert (prepaid_balance(member), all_wrong()) == (10, [])


def test_a_purchase_can_be_paid_from_the_balance_but_not_beyond_it() -> None:
    member, pool = make_member(), make_pool(treasury=50)
    charge = reserve(member, pool, 3).charge
    top_up(member, 200)
    how = {"amount": 300, "received_on": TODAY, "actor": None, "from_prepaid": True}
    with pytest.raises(PrepaidTooLow):
        accept_payment(reference=charge.reference, key="a", **how)  # type: ignore[arg-type]
    top_up(member, 100)
    accept_payment(reference=charge.reference, key="a", **how)  # type: ignore[arg-type]
    charge.subscription.refresh_from_db()
    assert charge.subscription.title is not None
    assert (prepaid_balance(member), balance_of("cash:growth"), all_wrong()) == (0, 300, [])


def test_a_balance_is_not_topped_up_from_itself() -> None:
    member = make_member()
    top_up(member, 500)
    charge = ask_for_prepaid(member=member, amount=400, actor=None, key="again")
    with pytest.raises(NotFromPrepaid):
        accept_payment(
            reference=charge.reference, amount=400, received_on=TODAY, actor=None, key="x",
            from_prepaid=True,
        )  # fmt: skip


def test_a_refund_leaves_the_balance_at_once_and_once() -> None:
    member = make_member()
    top_up(member, 500)
    first = refund_prepaid(member=member, amount=400, actor=None, key="k")
    assert refund_prepaid(member=member, amount=400, actor=None, key="k") == first
    with pytest.raises(PrepaidTooLow):
        refund_prepaid(member=member, amount=101, actor=None, key="other")
    assert (first.kind, prepaid_balance(member), all_wrong()) == (Payout.Kind.PREPAID, 100, [])


def test_a_standing_wish_settles_by_itself() -> None:
    members, pool = [make_member(), make_member("Ben")], make_pool()
    for member in members:
        own_charge(member, pool, cost=300)
        top_up(member, 350)
    wish_to_settle(member=members[0], settles=True, actor=None)
    assert (sweep_wishes(), sweep_wishes()) == (1, 0)
    assert [prepaid_balance(member) for member in members] == [50, 350]
    assert all_wrong() == []


def test_pages_of_the_balance() -> None:
    member, client = make_member(), Client()
    client.force_login(member.user)
    own_charge(member, make_pool(), cost=300)
    top_up(member, 350)
    page = client.get("/prepaid/").content.decode()
    assert "€3.50" in page
    key = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    asked = client.post("/prepaid/", {"amount": "12.50", "key": key})
    assert asked.status_code == 303 and Charge.objects.filter(amount=1250).count() == 1
    assert client.post("/prepaid/", {"amount": "-1", "key": key}).status_code == 422
    assert client.post("/prepaid/settle/").status_code == 303
    assert prepaid_balance(member) == 50
    assert client.post("/prepaid/refund/", {"amount": "9.00", "key": key}).status_code == 422
    assert client.post("/prepaid/refund/", {"amount": "0.50", "key": key}).status_code == 303
    assert (prepaid_balance(member), all_wrong()) == (0, [])


def test_the_demonstration_tells_signed_facts_and_works_in_a_demo_only() -> None:
    member, client = make_member(), Client()
    charge = own_charge(member, make_pool(), cost=300)
    body, headers = demo.notification(charge)
    send = {"content_type": "application/json", "headers": headers}
    assert client.post("/pay/notify/demo/", body, **send).status_code == 404
    assert transfer_for(charge).services == []
    Cooperative.objects.update(is_demo=True)
    forged = {**send, "headers": {demo.HEADER: "0" * 64}}
    assert client.post("/pay/notify/demo/", body, **forged).status_code == 403
    changed = body.replace(b"300", b"301")
    assert client.post("/pay/notify/demo/", changed, **send).status_code == 403
    for _n in range(2):
        assert client.post("/pay/notify/demo/", body, **send).json()["booked"] is True
    assert (Payment.objects.get().source, ProviderNotice.objects.count()) == ("provider", 1)
    assert all_wrong() == []
