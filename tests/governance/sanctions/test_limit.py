"""What a limit keeps from being handed on: gifts, loans, offers, asks, vouchers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from members.errors import HandsNothingOn
from members.services import lift_limit, limit
from tests.valley import JULY, Valley, make_valley
from tokens.services import give, lend, offer_surplus
from tokens.services.vouchers import Terms, take_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley(monkeypatch: pytest.MonkeyPatch) -> Valley:
    """The worked June, in the middle of which we are."""
    monkeypatch.setattr(timezone, "now", lambda: JULY - timedelta(days=15))
    return make_valley()


def test_a_limited_member_uses_and_hands_nothing_on(valley: Valley) -> None:
    ana, ben = valley.members["ana"], valley.members["ben"]
    now = timezone.now()
    limit(member_id=ana.pk, until=now + timedelta(days=1), actor=None, source="sanction:1")
    of = {"pool": valley.pool, "resource": valley.resource, "actor": None}
    due = now + timedelta(hours=1)
    slot = Terms(amount=1000, raw=10**9, unit="byte", not_before=now, not_after=due)
    ways = [
        lambda: give(giver=ana, receiver=ben, amount=1000, key="g", **of),
        lambda: lend(lender=ana, borrower=ben, amount=1000, due_at=due, key="l", **of),
        lambda: offer_surplus(member=ana, amount=1000, key="o", **of),
        lambda: take_out(member=ana, terms=slot, key="v", **of),
    ]
    for way in ways:
        with pytest.raises(HandsNothingOn):
            way()
    assert give(giver=ben, receiver=ana, amount=1000, key="back", **of).pk
    lift_limit(source="sanction:1", actor=None)
    assert give(giver=ana, receiver=ben, amount=1000, key="g", **of).pk
