"""Buying in, paying, titles."""

import pytest

from ledger.errors import KeyConflict
from ledger.queries import balance
from payments.errors import (
    AlreadyPaid,
    ChargeCancelled,
    NotYetReceived,
    UnknownReference,
    WrongAmount,
)
from tests.makers import agree, buy, make_member, make_pool, make_steward, pay, reserve
from titles.errors import (
    BelowMinimum,
    BeyondCap,
    BeyondTreasury,
    NotAMember,
    NotReserved,
    PoolClosed,
)
from titles.queries import equity_credit, facts_of, units_of
from titles.models import Subscription, Title
from titles.services import accept_payment, cancel_subscription, subscribe

pytestmark = pytest.mark.django_db


def test_a_paid_purchase_becomes_units_capital_and_a_signed_title() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    subscription = buy(ana, pool, 20)
    assert subscription.state == Subscription.State.ISSUED
    assert units_of(ana, pool) == 20
    assert balance("unit:backbone", "treasury", "pool/backbone") == 80
    assert balance("EUR", "cash:growth", "pool/backbone") == 2000
    assert balance("EUR", "capital", f"backbone/member/{ana.pk}") == -2000
    title = Title.objects.get()
    assert subscription.title == title
    facts = facts_of(title)
    assert (facts["number"], facts["units"], facts["member"]["number"]) == (1, 20, ana.number)
    assert facts["backing"] == [{"kind": "mast", "name": "Hill mast"}]
    assert "Ana" not in str(facts)
