"""9: a clock at 1970, one three years ahead, one set back within a boot.

The volume is kept to the byte, the times say that they are not the node's own, and nothing lands
in a period that has not begun.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from metering import services
from metering.models import Node, Reading
from signing import strict_json
from tests.metering.machine import post
from tests.metering.world import Valley
from tokens.models import Usage

GB = 10**9
Wrong = dict[str, datetime]


def wrong_clocks(valley: Valley) -> Wrong:
    now = valley.machine.clock
    return {
        "at 1970": datetime(1970, 1, 1, 0, 5, tzinfo=UTC),
        "three years ahead": now + timedelta(days=3 * 365),
        "set back by a day": now - timedelta(days=1),
        "set back before the period": valley.period.start - timedelta(days=40),
    }


@pytest.mark.parametrize(
    "name", ["at 1970", "three years ahead", "set back by a day", "set back before the period"]
)
def test_09_a_wrong_clock_loses_nothing_and_charges_no_other_time(
    valley: Valley, name: str
) -> None:
    machine = valley.machine
    valley.assign(valley.ben)
    post(machine.batches(0, GB))
    right, wrong = machine.clock, wrong_clocks(valley)[name]
    steady = machine.mono(right)
    record = shown(machine.counted(2 * GB), wrong, int(steady))
    post([machine.batch(record, sent=spelled(wrong + timedelta(seconds=300)))])
    machine.clock = right + timedelta(seconds=300)
    post(machine.batches(4 * GB))
    rate_whatever_the_state(valley)
    readings = list(Reading.objects.order_by("pk"))
    assert [r.quantity for r in readings] == [0, GB, 2 * GB, 4 * GB]
    assert [r.flags for r in readings] == [[], [], ["time_inferred"], []]
    assert sum(Usage.objects.values_list("amount", flat=True)) == 7_000
    assert_within(valley, readings)


def shown(record: dict[str, Any], wall: datetime, steady: int) -> dict[str, Any]:
    """The record as a clock that is wrong stamps it; the steady clock goes on."""
    ends = wall + timedelta(seconds=300)
    times = {"t0": spelled(wall), "t1": spelled(ends)}
    return record | times | {"mt0": str(steady), "mt1": str(steady + 300 * 10**9)}


def spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rate_whatever_the_state(valley: Valley) -> None:
    """Rate; where the jump made the node suspect, a steward looks and lets it go on."""
    services.rate_waiting()
    node = Node.objects.get(pk=valley.machine.row.pk)
    if node.state in (Node.State.SUSPECT, Node.State.QUARANTINED):
        assert node.state_changes.latest("pk").reason
        services.release_node(actor=valley.steward, node=node, reason="a battery was dead")
    while services.rate_waiting():
        pass


def assert_within(valley: Valley, readings: list[Reading]) -> None:
    """Nothing is booked before or after the open period, nor in the future."""
    now = timezone.now()
    for row in readings:
        assert row.period == valley.period and row.state == "rated"
        assert valley.period.start <= row.ends_at <= now + timedelta(seconds=300)
    assert not Usage.objects.filter(used_at__gt=now + timedelta(seconds=300)).exists()


def test_09_a_clock_a_little_ahead_is_put_right_by_what_it_was_ahead(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ben)
    post(machine.batches(0))
    machine.clock = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    post(machine.batches(GB))
    rate_whatever_the_state(valley)
    row = Reading.objects.latest("pk")
    assert (row.flags, row.quantity, row.state) == (["skewed"], GB, "rated")
    assert row.ends_at <= timezone.now()


def test_09_a_clock_that_was_never_set_keeps_the_volume(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ben)
    post(machine.batches(0))
    bare = {k: v for k, v in machine.counted(3 * GB).items() if k not in ("t0", "t1")}
    body = {k: v for k, v in machine.body(bare, clock="unset").items() if k != "sent"}
    post([machine.signed(strict_json.dumps(body))])
    rate_whatever_the_state(valley)
    row = Reading.objects.latest("pk")
    assert (row.flags, row.quantity, row.amount) == (["time_inferred"], 3 * GB, 3_000)
