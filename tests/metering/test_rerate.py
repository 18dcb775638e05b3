"""`manage.py rerate --check`: what is booked, recomputed from the evidence at any time."""

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from metering import services
from metering.models import Envelope, NodeKey, Reading
from metering.rerate import Recheck
from tests.metering.machine import CPU, FS, Machine, post
from tests.metering.world import Valley
from tests.sealing import past_the_triggers

GB = 10**9


@pytest.fixture
def story(valley: Valley) -> Valley:
    """Two nodes; counters, a gauge, late use, something impossible, and somebody new."""
    machine = valley.machine
    NodeKey.objects.update(created_at=valley.period.start - timedelta(days=1))
    now, machine.clock = machine.clock, valley.period.start.replace(microsecond=0)
    machine.clock -= timedelta(hours=1)
    valley.assign(valley.ana)
    valley.assign(valley.ben, FS, "storage")
    post([machine.batch(machine.counted(0)), machine.batch(machine.counted(GB), machine.held(GB))])
    machine.clock = now
    post(machine.batches(GB, 900 * GB, 333_333))
    post([machine.batch(machine.held(288 * GB), machine.counted(7, CPU))])
    other = Machine().enrolled().described()
    post(other.batches(0, 5))
    while services.rate_waiting():
        pass
    return valley


def rerate(**options: Any) -> str:
    said = StringIO()
    call_command("rerate", check=True, stdout=said, **options)
    return said.getvalue()


def complaint(**options: Any) -> str:
    """What the check says of books that do not follow from their evidence."""
    said = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("rerate", check=True, stdout=said, **options)
    assert failed.value.returncode == 1
    return said.getvalue()


def test_what_was_rated_is_found_again(story: Valley) -> None:
    states = set(Reading.objects.values_list("state", flat=True))
    assert {"rated", "late", "held", "measured"} <= states
    said = rerate()
    assert f"{story.machine.row.uuid} gate: 6 batches, 8 readings, 0 differences" in said
    assert said.count(" differences") == 2


CHANGES = [
    ("UPDATE metering_reading SET quantity = quantity + 5000000 WHERE id = %s", "quantity is"),
    ("UPDATE metering_reading SET rule = 'wrap' WHERE id = %s", "rule is wrap"),
    ("UPDATE metering_reading SET amount = amount + 1 WHERE id = %s", "was booked"),
    ("UPDATE metering_reading SET ends_at = ends_at + '1s' WHERE id = %s", "ends_at is"),
    (
        "UPDATE metering_reading SET state = 'held', amount = NULL, raw_before = NULL"
        " WHERE id = %s",
        "its state is held",
    ),
    (
        "UPDATE metering_reading SET state = 'measured', assignment_id = NULL, amount = NULL,"
        " raw_before = NULL WHERE id = %s",
        "it is assigned as None",
    ),
    ("UPDATE tokens_usage SET amount = amount + 1 WHERE key = 'reading:' || %s", "its usage"),
    ("DELETE FROM tokens_usage WHERE key = 'reading:' || %s", "is missing"),
    ("DELETE FROM metering_reading WHERE id = %s", "none is stored"),
]


def test_what_was_changed_is_named_with_its_envelope(story: Valley) -> None:
    row = Reading.objects.filter(state="rated", amount=1000, meter__name="if:va:tx").latest("pk")
    for change, said in CHANGES:
        with transaction.atomic():
            past_the_triggers(change, [row.pk])
            found = complaint()
            transaction.set_rollback(True)
        assert said in found
        assert f"envelope {row.envelope_id}, record {row.position}:" in found
    assert "0 differences" in rerate()


def test_usage_that_nobody_metered_is_named(story: Valley) -> None:
    row = Reading.objects.filter(state="rated", amount=1000).latest("pk")
    past_the_triggers("UPDATE tokens_usage SET key = 'reading:0' WHERE key = 'reading:' || %s",
                      [row.pk])  # fmt: skip
    found = complaint()
    assert "usage reading:0 has no reading" in found
    assert "its usage of 1000 is missing" in found


def test_one_node_is_checked_alone(story: Valley) -> None:
    others = Reading.objects.exclude(meter__node=story.machine.row).latest("pk")
    past_the_triggers("UPDATE metering_reading SET value = 1 WHERE id = %s", [others.pk])
    assert "0 differences" in rerate(node=story.machine.row.uuid)
    assert "value is 1" in complaint(node=others.meter.node.uuid)
    with pytest.raises(CommandError, match="No node"):
        rerate(node=uuid4())
    with pytest.raises(CommandError, match="No period"):
        rerate(period="never")


def test_a_period_is_checked_alone(story: Valley) -> None:
    late = Reading.objects.filter(state="late", quantity=GB).get()
    assert "6 batches, 5 readings" in rerate(period=story.period.code)
    past_the_triggers("UPDATE metering_reading SET value = 1 WHERE id = %s", [late.pk])
    assert "0 differences" in rerate(period=story.period.code)
    assert "value is 1" in complaint()


def test_the_memory_does_not_grow_with_the_history(
    story: Valley, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        post(story.machine.batches(*[1] * 4))
    while services.rate_waiting():
        pass
    assert Envelope.objects.filter(node=story.machine.row).count() == 126
    with django_assert_max_num_queries(15):
        check = Recheck(story.machine.row)
        assert list(check.differences()) == []
    assert (check.batches, check.readings, check.expired) == (126, 128, 0)
