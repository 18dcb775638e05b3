"""Acceptance 16: a quarantine that nobody confirms."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import Sum
from django.utils import timezone

from coop.invariants import all_broken
from metering import services
from metering.errors import LapsedAlready
from metering.models import Node, NodeStateChange, Reading
from metering.services.states import suspect
from tests.makers import agree
from tests.metering.machine import post, statuses
from tests.metering.world import Valley
from tokens.models import Usage

GB = 10**9
DAY = timedelta(days=1)


def used() -> int:
    return Usage.objects.aggregate(n=Sum("amount"))["n"] or 0


def test_16_a_quarantine_lapses_after_fourteen_days_without_a_vote(valley: Valley) -> None:
    """Evidence was taken and held all the time; with the lapse its usage is counted, by nobody."""
    valley.assign(valley.ana)
    post(valley.machine.batches(0, GB))
    services.rate_waiting()
    services.quarantine_node(actor=valley.steward, node=valley.machine.row, reason="it lies")
    answer = post(valley.machine.batches(2 * GB)).json()["results"][0]
    assert (answer["status"], bool(answer["receipt"])) == ("held", True)
    services.rate_waiting()
    assert (used(), Reading.objects.filter(state="suspense").get().amount) == (1_000, 2_000)
    assert all_broken() == []
    begun = timezone.now()
    with time_machine.travel(begun + 14 * DAY - timedelta(minutes=1), tick=False):
        assert services.sweep_states() == 0
    with time_machine.travel(begun + 14 * DAY + timedelta(minutes=1), tick=False):
        assert services.sweep_states() == 1
        assert services.sweep_states() == 0
        services.rate_waiting()
    node = Node.objects.get(pk=valley.machine.row.pk)
    change = NodeStateChange.objects.latest("pk")
    assert (node.state, change.trigger, change.actor) == ("active", "lapsed", None)
    assert (used(), all_broken()) == (3_000, [])
    assert statuses(post(valley.machine.batches(GB))) == ["accepted"]


def test_16_nobody_quarantines_again_for_the_same_without_a_vote(valley: Valley) -> None:
    """Otherwise a steward could hold a node for ever, fourteen days at a time."""
    node = valley.machine.row
    services.quarantine_node(actor=valley.steward, node=node, reason="it lies")
    with time_machine.travel(timezone.now() + 15 * DAY, tick=False):
        services.sweep_states()
        with pytest.raises(LapsedAlready):
            services.quarantine_node(actor=valley.steward, node=node, reason="it lies")
        services.quarantine_node(actor=None, node=node, reason="it lies", source="proposal:1")
    with time_machine.travel(timezone.now() + 400 * DAY, tick=False):
        assert services.sweep_states() == 0
    assert Node.objects.get(pk=node.pk).state == "quarantined"


def test_16_an_automatic_quarantine_lapses_as_well(valley: Valley) -> None:
    """By policy a proof quarantines at once; a mere suspicion does when nobody looks for a week."""
    agree("quarantine_on", "proofs")
    first = valley.machine.batch(valley.machine.counted(0))
    other = valley.machine.signed(first.payload.replace(b'"ntp"', b'"rtc"'))
    assert statuses(post([first, other])) == ["accepted", "conflict"]
    node = Node.objects.get(pk=valley.machine.row.pk)
    assert node.state == "quarantined"
    with time_machine.travel(timezone.now() + 15 * DAY, tick=False):
        assert services.sweep_states() == 1
        with pytest.raises(LapsedAlready):
            services.set_node_state(actor=None, node=node, state="suspect", reason="once more")
        suspect(node=node, reason="a link says otherwise", trigger="link")
    with time_machine.travel(timezone.now() + 23 * DAY, tick=False):
        assert services.sweep_states() == 1
        assert NodeStateChange.objects.latest("pk").state == "quarantined"
    with time_machine.travel(timezone.now() + 38 * DAY, tick=False):
        assert services.sweep_states() == 1
    assert Node.objects.get(pk=node.pk).state == "active"
