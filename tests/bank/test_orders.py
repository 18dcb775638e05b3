"""Orders: made once, of what may be ordered, and never twice."""

import hashlib
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bank.models import CollectionItem, CollectionOrder, PaymentOrder, PaymentOrderItem
from bank.orders.errors import (
    CreditorMissing,
    DayTooEarly,
    NotCollectable,
    NothingToOrder,
    OrderedBefore,
    UnknownCollection,
)
from bank.orders.queries import collectable
from bank.orders.services import (
    collection_returned,
    earliest_collection,
    make_collection_order,
    make_payment_order,
    note_returns,
)
from bank.orders.xml import DEBITS, TRANSFERS
from ledger.errors import KeyConflict
from ledger.queries import balance
from members.models import User
from payments.models import Charge, Mail, Mandate, Payout
from payments.services import confirm_payout, give_mandate, return_payout
from tests.at_once import run_at_once
from tests.bank.iso20022 import PAIN_001, PAIN_008, faults
from tests.makers import charge_period, make_member, make_pool
from tests.payments.paying_out import (
    THEIR_IBAN,
    approve,
    books_wrong,
    make_treasurer,
    owe,
    payee,
)
from titles.services import accept_payment

pytestmark = pytest.mark.django_db(transaction=True)
CREDITOR = "DE98ZZZ09999999999"


@pytest.fixture(autouse=True)
def creditor(settings: Any) -> None:
    settings.COOP_CREDITOR_ID = CREDITOR


def treasurers() -> tuple[User, User]:
    return make_treasurer(), make_treasurer("Tania")


def order(*payouts: Payout, key: str = "file 1") -> PaymentOrder:
    ids = [payout.pk for payout in payouts]
    return make_payment_order(payout_ids=ids, day=timezone.localdate(), key=key, actor=None)


def owing(name: str = "Mia", cost: int = 2000) -> Charge:
    """The open charge of a member who gave a mandate."""
    pool = make_pool(f"pool-{name.lower()}")
    member = make_member(name)
    assert member.user is not None
    give_mandate(
        member=member, holder=name, iban=THEIR_IBAN, bic="", consent="yes", language="en",
        actor=member.user,
    )  # fmt: skip
    return charge_period(member, pool, cost=cost, profit=1000, code="2026-06")


def collect(*charges: Charge, key: str = "debits 1") -> CollectionOrder:
    return make_collection_order(
        charge_ids=[charge.pk for charge in charges], day=earliest_collection(), key=key, actor=None
    )


def come_back(charge: Charge, code: str = "AM04", key: str = "line 9") -> CollectionItem:
    return collection_returned(
        reference=charge.reference,
        amount=charge.amount,
        reason_code=code,
        booked_on=timezone.localdate(),
        key=key,
        actor=None,
    )


def test_a_file_of_approved_payouts() -> None:
    two = treasurers()
    payouts = [approve(owe(payee(name), amount), *two) for name, amount in (("A", 1), ("B", 250))]
    made = order(*payouts)
    content = bytes(made.content)
    assert faults(content, TRANSFERS, PAIN_001) == []
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert (made.count, made.total) == (2, 251)
    assert {p.state for p in Payout.objects.all()} == {"ordered"}
    assert order(*payouts).pk == made.pk
    with pytest.raises(KeyConflict):
        order(payouts[0])
    with pytest.raises(OrderedBefore):
        order(payouts[0], key="file 2")
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentOrder.objects.update(content=b"")


def test_all_or_no_file() -> None:
    two = treasurers()
    good, waiting = approve(owe(payee("A")), *two), approve(owe(payee("B")), two[0])
    with pytest.raises(OrderedBefore):
        order(good, waiting)
    with pytest.raises(NothingToOrder):
        order()
    with pytest.raises(DayTooEarly):
        make_payment_order(
            payout_ids=[good.pk], day=timezone.localdate() - timedelta(days=1), key="x", actor=None
        )
    good.refresh_from_db()
    assert good.state == Payout.State.APPROVED


def test_the_same_payout_is_never_in_two_files() -> None:
    two = treasurers()
    payouts = [approve(owe(payee(f"P{n}")), *two) for n in range(3)]
    results = run_at_once([partial(order, *payouts, key=f"file {n}") for n in range(20)])
    assert sum(isinstance(result, PaymentOrder) for result in results) == 1
    assert all(isinstance(result, PaymentOrder | OrderedBefore) for result in results)
    assert PaymentOrderItem.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentOrderItem.objects.create(
            order=PaymentOrder.objects.get(), payout=payouts[0], round=payouts[0].round
        )


def test_what_came_back_goes_into_a_new_file_after_new_approvals() -> None:
    two = treasurers()
    payout = approve(owe(payee()), *two)
    order(payout)
    day = timezone.localdate()
    payout = return_payout(
        reference=payout.reference, amount=payout.amount, reason="AC04", booked_on=day, key="r",
        actor=None,
    )  # fmt: skip
    with pytest.raises(OrderedBefore):
        order(payout, key="file 2")
    order(approve(payout, *two), key="file 2")
    confirm_payout(
        reference=payout.reference, amount=payout.amount, booked_on=day, key="c", actor=None
    )
    assert PaymentOrderItem.objects.filter(payout=payout).count() == 2
    assert books_wrong() == []


def test_a_file_of_direct_debits_tells_the_payers() -> None:
    charge, other = owing(), owing("Noa", 10)
    assert set(collectable()) == {charge, other}
    made = collect(charge, other)
    content = bytes(made.content)
    assert faults(content, DEBITS, PAIN_008) == []
    assert content.count(b"<SeqTp>FRST</SeqTp>") == 1
    assert collect(charge, other).pk == made.pk
    assert list(collectable()) == []
    assert Mail.objects.filter(key__startswith="collection:").count() == 2
    assert THEIR_IBAN not in "".join(Mail.objects.values_list("body", flat=True))
    with pytest.raises(OrderedBefore):
        collect(charge, key="debits 2")


def test_the_second_collection_is_recurrent() -> None:
    charge = owing()
    pool = make_pool("second")
    more = charge_period(charge.member, pool, cost=5, profit=0, code="2026-05")
    assert set(collect(charge, more).items.values_list("sequence", flat=True)) == {"FRST", "RCUR"}


def test_what_cannot_be_collected(settings: Any) -> None:
    charge = owing()
    bare = charge_period(make_member("Bo"), make_pool("bare"), cost=5, profit=0, code="2026-05")
    with pytest.raises(NotCollectable):
        collect(charge, bare)
    with pytest.raises(DayTooEarly):
        make_collection_order(charge_ids=[charge.pk], day=timezone.localdate(), key="x", actor=None)
    settings.COOP_CREDITOR_ID = "DE00"
    with pytest.raises(CreditorMissing):
        collect(charge)


def test_charges_are_collected_by_one_file_only() -> None:
    charges = [owing(f"M{n}") for n in range(3)]
    jobs = [partial(collect, *charges, key=f"debits {n}") for n in range(12)]
    results = run_at_once(jobs)
    assert sum(isinstance(result, CollectionOrder) for result in results) == 1
    assert CollectionItem.objects.count() == 3


def test_a_paid_debit_that_comes_back_is_owed_again() -> None:
    charge = owing()
    collect(charge)
    accept_payment(
        reference=charge.reference, amount=charge.amount, received_on=timezone.localdate(),
        actor=None, key="line 1",
    )  # fmt: skip
    for _again in range(2):
        item = come_back(charge, "AC04")
    charge.refresh_from_db()
    assert charge.state == Charge.State.RETURNED
    again = Charge.objects.get(member=charge.member, state=Charge.State.OPEN)
    assert (again.amount, item.reason_code) == (charge.amount, "AC04")
    assert balance("EUR", "receivable", f"member/{charge.member_id}") == charge.amount
    assert Mandate.objects.get(member=charge.member).ended_because == "AC04"
    assert books_wrong() == []
    with pytest.raises(KeyConflict):
        come_back(charge, "MD01")
    with pytest.raises(UnknownCollection):
        come_back(charge, "AC04", key="line 10")


def test_a_refused_debit_stays_owed_and_may_be_collected_again() -> None:
    charge = owing()
    collect(charge)
    come_back(charge, "AM04")
    charge.refresh_from_db()
    assert charge.state == Charge.State.OPEN
    assert collect(charge, key="debits 2").items.get().sequence == "FRST"


@pytest.mark.parametrize(
    ("reason", "code", "ends"), [("MD07/died", "MD07", True), ("no funds", "NARR", False)]
)
def test_a_line_that_takes_a_debit_back_marks_its_mandate(
    reason: str, code: str, ends: bool
) -> None:
    charge = owing()
    collect(charge)
    for _again in range(2):
        note_returns(
            charge_ids=[charge.pk], reason=reason, booked_on=timezone.localdate(), key="line:1",
            actor=None,
        )  # fmt: skip
    assert CollectionItem.objects.get().reason_code == code
    assert (Mandate.objects.get().ended_at is not None) is ends
