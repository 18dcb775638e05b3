"""Acceptance 10: a key changes while batches of the old one still wait somewhere."""

from django.db.models import Sum

from coop.invariants import all_broken
from metering import services
from metering.models import Envelope, KeyRevocation, Node
from tests.metering.machine import post, statuses
from tests.metering.rotating import Rotating
from tests.metering.world import Valley
from tokens.models import Usage

GB = 10**9


def used() -> int:
    return Usage.objects.aggregate(n=Sum("amount"))["n"] or 0


def machine_of(valley: Valley) -> Rotating:
    machine = Rotating()
    machine.enrolled()
    machine.described()
    valley.machine = machine
    valley.assign(valley.ana)
    return machine


def test_10_what_was_sealed_before_a_rotation_is_taken_and_counted_after_it(valley: Valley) -> None:
    """The rotation and the new epoch arrive first; the old one's batches come later, by parts.

    The books are those of an undisturbed node: nothing of the new epoch is counted before the old
    one is whole. What comes under the old key beyond its end is a conflict.
    """
    machine = machine_of(valley)
    early = machine.batches(0, GB, 2 * GB)
    wish = machine.rotation()
    beyond = machine.batch(machine.counted(0))
    machine.rotated()
    late = machine.batches(3 * GB, GB)
    assert statuses(post([early[0], wish, *late])) == ["accepted"] * 4
    assert post([late[0]]).json()["next"] == {"epoch": 2, "seq": 3}
    services.rate_waiting()
    assert used() == 0
    assert statuses(post([early[2]])) == ["pending_gap"]
    assert statuses(post([early[1], early[2]])) == ["accepted", "duplicate"]
    services.rate_waiting()
    assert (used(), all_broken()) == (7_000, [])
    assert statuses(post([wish])) == ["accepted"]
    assert statuses(post([beyond])) == ["conflict"]
    assert Node.objects.get(pk=machine.row.pk).state == "suspect"
    assert all_broken() == []


def test_10_after_a_revocation_of_the_old_key_its_batches_are_held(valley: Valley) -> None:
    """A steward gives up what is missing of the old epoch; the new one is counted without it."""
    machine = machine_of(valley)
    early = machine.batches(0, GB, 2 * GB)
    wish = machine.rotation()
    machine.rotated()
    late = machine.batches(3 * GB)
    post([early[0], wish, *late])
    services.rate_waiting()
    assert used() == 0
    services.revoke_key(actor=None, node=machine.row, epoch=1, reason="its disk is lost")
    assert KeyRevocation.objects.get().last_seq == 1
    answer = post(early).json()["results"]
    assert [r["status"] for r in answer] == ["duplicate", "held", "held"]
    assert all(r["receipt"] for r in answer)
    assert statuses(post(early[1:])) == ["duplicate", "duplicate"]
    services.rate_waiting()
    held = Envelope.objects.filter(status="held")
    assert (held.count(), held.filter(rated_at=None).count()) == (2, 2)
    assert used() == 3_000
    assert all_broken() == []


def test_10_a_lost_key_is_replaced_by_the_promised_one_and_a_steward(valley: Valley) -> None:
    """Only the next key signs: it waits for a steward; then the old key is revoked at its end."""
    machine = machine_of(valley)
    post(machine.batches(0, GB))
    wish = machine.rotation(machine.after)
    assert statuses(post([wish])) == ["pending_approval"]
    thief = machine.batch(machine.counted(9 * GB))
    row = machine.row.rotations.get()
    for _ in range(2):
        services.approve_rotation(actor=valley.steward, rotation=row, reason="the box was stolen")
    assert statuses(post([wish])) == ["accepted"]
    assert KeyRevocation.objects.get().last_seq == 2
    assert statuses(post([thief])) == ["held"]
    machine.rotated()
    machine.values["if:va:tx"] -= 9 * GB
    assert statuses(post([machine.batch(machine.counted(GB))])) == ["accepted"]
    services.rate_waiting()
    assert (used(), all_broken()) == (2_000, [])
