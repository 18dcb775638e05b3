"""Charges and payments as rows: what they promise, and what the database refuses."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from payments.errors import AlreadyPaid, EmptyCharge
from payments.forms import cents_from
from payments.invariants import (
    charges_are_the_sum_of_their_lines,
    members_owe_their_open_charges,
    paid_charges_have_their_payment,
)
from payments.models import Charge, ChargeLine, Payment
from payments.queries import owed_by, statement_of
from payments.services import Line, cancel_charge, raise_charge, raise_charges
from tests.makers import all_wrong, buy, charge_period, make_member, make_pool, pay, reserve
from tests.payments.standard import reference_for
from titles.services import accept_payment

pytestmark = pytest.mark.django_db

DUE = date(2026, 7, 15)
OWN = Line(kind="own", fund="backbone", resource="cpu", quantity=1000, rate=10, cost=100)


LINES = """
SELECT m.id AS member_id, 'own' AS kind, 'backbone' AS fund, 'cpu' AS resource,
       1000 AS quantity, 10 AS rate, 10 AS cost_rate, n * 100 AS cost, 0 AS profit
FROM members_member m CROSS JOIN generate_series(%(least)s, 1) AS n
WHERE m.name <> 'Ben' OR n = 0"""


def test_many_charges_are_raised_at_once_each_with_its_reference() -> None:
    members = [make_member(name) for name in ("Ana", "Ben", "Chloe")]
    ids = raise_charges(lines=LINES, params={"least": 0}, about="period:2026-06", due=DUE)
    charges = Charge.objects.filter(pk__in=ids).order_by("pk")
    assert [(c.member_id, c.amount) for c in charges] == [
        (members[0].pk, 100),
        (members[2].pk, 100),
    ]
    assert [c.reference for c in charges] == [reference_for(c.pk) for c in charges]
    assert ChargeLine.objects.count() == 4
    assert charges_are_the_sum_of_their_lines() == []


@pytest.mark.parametrize("number", [1, 16, 97, 999_999_999, 1_000_000_000, 2**62])
def test_the_database_gives_the_reference_of_the_standard(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_reference(%s)", [number])
        assert cursor.fetchone()[0] == reference_for(number)


def test_a_period_is_charged_once_to_a_member() -> None:
    make_member()
    raise_charges(lines=LINES, params={"least": 0}, about="period:2026-06", due=DUE)
    with pytest.raises(IntegrityError), transaction.atomic():
        raise_charges(lines=LINES, params={"least": 0}, about="period:2026-06", due=DUE)


def test_a_charge_for_nothing_is_refused() -> None:
    with pytest.raises(EmptyCharge):
        raise_charge(member=make_member(), kind="period", about="period:2026-06", lines=[], due=DUE)


def test_a_paid_charge_cannot_be_cancelled() -> None:
    bought = buy(make_member(), make_pool(treasury=10), 1)
    with pytest.raises(AlreadyPaid):
        cancel_charge(charge_id=bought.charge_id, actor=None)


def test_the_statement_lists_what_was_charged_and_paid_with_the_balance() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    reserve(ana, pool, 1)
    june = charge_period(ana, pool, cost=60, profit=40, code="2026-06")
    charge_period(ana, pool, cost=5, profit=0, code="2026-07")
    accept_payment(
        reference=june.reference,
        amount=100,
        received_on=timezone.localdate(june.created_at),
        actor=None,
        key="june",
    )
    lines = [(line.charged, line.paid, line.balance) for line in statement_of(ana)]
    assert lines == [(0, 100, 5), (5, 0, 105), (100, 0, 100)]
    assert owed_by(ana) == 5
    assert all_wrong() == []


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("20", 2000),
        ("20.5", 2050),
        (" 0,07 ", 7),
        ("007.10", 710),
        ("123456789012.99", 12345678901299),
    ],
)
def test_typed_money_becomes_exact_cents(text: str, cents: int) -> None:
    assert cents_from(text) == cents


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1 000", "1e3", "€5", "1.", ".5", "１"])
def test_what_is_not_clearly_money_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        cents_from(text)


@pytest.mark.parametrize("model", [Payment, ChargeLine, Charge])
def test_the_database_removes_nothing(model: type[Payment | ChargeLine | Charge]) -> None:
    buy(make_member(), make_pool(treasury=10), 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")


def test_the_database_keeps_what_a_charge_demands() -> None:
    pay(reserve(make_member(), make_pool(treasury=10), 1))
    for change in ({"amount": 1}, {"reference": "RF"}, {"state": "open"}, {"kind": "period"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Charge.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChargeLine.objects.update(cost=1)


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("UPDATE payments_charge SET amount = amount + 1", charges_are_the_sum_of_their_lines),
        ("UPDATE payments_charge SET state = 'open'", paid_charges_have_their_payment),
        ("UPDATE payments_payment SET amount = 1", paid_charges_have_their_payment),
        (
            "UPDATE payments_charge SET kind = 'period', state = 'open'",
            members_owe_their_open_charges,
        ),
    ],
)
def test_tampering_past_the_rules_is_found(tampering: str, check: object) -> None:
    buy(make_member(), make_pool(treasury=10), 1)
    assert callable(check)
    assert check() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(tampering)
    assert check() != []
