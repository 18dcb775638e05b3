"""Acceptance 5, the site's side: a node restored from a backup, or cloned."""

import copy

from django.db.models import Sum

from coop.invariants import all_broken
from metering import services
from metering.models import Envelope, EnvelopeConflict, NodeStateChange, Reading
from tests.metering.machine import BOOT, Machine, post, statuses
from tests.metering.world import Valley
from tokens.models import Usage

GB = 10**9


def used() -> int:
    return Usage.objects.aggregate(n=Sum("amount"))["n"] or 0


def restored(machine: Machine) -> Machine:
    """What a backup of the machine, taken now, will be."""
    return copy.deepcopy(machine)


def test_05_a_restored_backup_forks_and_neither_fork_is_rated(valley: Valley) -> None:
    """Both go on from one backup: the second to come is a conflict, and nothing more is counted."""
    valley.assign(valley.ana)
    post(valley.machine.batches(0, GB))
    services.rate_waiting()
    assert used() == 1_000
    backup = restored(valley.machine)
    first, second = valley.machine.batches(2 * GB, GB), backup.batches(3 * GB, GB)
    assert statuses(post(first)) == ["accepted", "accepted"]
    assert statuses(post(second)) == ["conflict", "conflict"]
    assert services.rate_waiting() == 0
    assert (used(), Reading.objects.count()) == (1_000, 2)
    assert EnvelopeConflict.objects.count() == 2
    change = NodeStateChange.objects.latest("pk")
    assert (change.state, change.trigger) == ("suspect", "conflict")
    assert change.facts["envelopes"] == [first[0].digest, second[0].digest]
    assert all_broken() == []


def test_05_a_fork_behind_a_gap_is_seen_when_the_gap_is_filled(valley: Valley) -> None:
    """What follows on the other history is kept in conflict, nothing behind it is linked."""
    valley.assign(valley.ana)
    backup = restored(valley.machine)
    first, others = valley.machine.batches(0, GB), backup.batches(0, 5 * GB, GB)[1:]
    assert statuses(post(others)) == ["pending_gap", "pending_gap"]
    different = valley.machine.signed(first[0].payload.replace(b'"ntp"', b'"rtc"'))
    assert statuses(post([different])) == ["accepted"]
    assert services.rate_waiting() == 0
    assert list(Envelope.objects.order_by("seq").values_list("status", flat=True)) == [
        "accepted",
        "conflict",
        "pending_gap",
    ]
    assert NodeStateChange.objects.latest("pk").trigger == "fork"
    assert (used(), all_broken()) == (0, [])


def test_05_a_cloned_disk_whose_batches_interleave_is_seen_by_its_boots(valley: Valley) -> None:
    """Two machines that hand one chain to and fro: no number twice, but a boot that comes back."""
    valley.assign(valley.ana)
    machine = valley.machine
    post([machine.batch(machine.counted(0)), machine.batch(machine.counted(GB))])
    services.rate_waiting()
    machine.boot = BOOT.replace("1", "7")
    post([machine.batch(machine.counted(GB))])
    assert services.rate_waiting() == 1
    machine.boot = BOOT
    back = machine.batch(machine.counted(GB))
    assert statuses(post([back])) == ["accepted"]
    assert services.rate_waiting() == 0
    change = NodeStateChange.objects.latest("pk")
    assert (change.state, change.trigger) == ("suspect", "cloned")
    assert change.facts["envelopes"] == [back.digest]
    assert used() == 2_000
    services.release_node(actor=None, node=machine.row, reason="one machine after all")
    assert services.rate_waiting() == 1
    assert statuses(post([machine.batch(machine.counted(GB))])) == ["accepted"]
    assert services.rate_waiting() == 1
    assert (used(), all_broken()) == (4_000, [])
