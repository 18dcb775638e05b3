"""What a vote on a node books is shown before and booked so; trying it leaves nothing."""

from typing import Any

import pytest
from django.db import transaction

from coop.invariants import all_broken
from governance.actions import ACTIONS
from ledger.models import Entry, Transaction
from metering.models import KeyRevocation, Node, NodeStateChange
from tests.metering.test_states import GB, quarantined
from tests.metering.world import Valley, make_valley

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def moved(after: int) -> list[tuple[str, int]]:
    """What was booked since, by kind of account."""
    booked = Transaction.objects.filter(pk__gt=after)
    entries = Entry.objects.filter(txn__in=booked)
    return sorted(entries.values_list("account__kind", "amount"))


@pytest.mark.parametrize("action", ["release_node", "revoke_node"])
def test_suspense_is_given_back_as_the_dry_run_says(valley: Valley, action: str) -> None:
    node = quarantined(valley, 2 * GB, 3 * GB)
    payload: dict[str, Any] = {"node": str(node.uuid), "reason": "We looked at it."}
    newest = Transaction.objects.latest("pk").pk
    tried = ACTIONS[action].dry_run(payload)
    shown = [
        (move["account"], move["amount"])
        for posting in tried["postings"]
        for move in posting["moves"]
    ]
    assert sorted(shown) == [("suspended", 5_000), ("suspense", -5_000)]
    assert moved(newest) == []
    assert (Node.objects.get().state, KeyRevocation.objects.count()) == ("quarantined", 0)
    assert NodeStateChange.objects.latest("pk").state == "quarantined"
    with transaction.atomic():
        ACTIONS[action].execute(payload, actor=None, source="proposal:1")
    assert moved(newest) == sorted(shown)
    assert all_broken() == []
