"""From evidence to usage: who used what, counted once, to the last byte."""

import random
from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.db.models import Sum
from django.db.utils import IntegrityError
from django.utils import timezone

from assets.services import create_resource
from ledger.queries import balance
from members.models import Member
from metering import services
from metering.errors import (
    AlreadyAssigned,
    AlreadyRead,
    MeterUnknown,
    NoConversion,
    NotYielded,
)
from metering.invariants import INVARIANTS
from metering.models import Envelope, Gap, Meter, Node, NodeKey, Reading
from metering.queries import late_use
from tests.metering.machine import CPU, FS, TX, Machine, post
from tests.metering.world import Valley
from tokens.models import Period, Usage
from tokens.services import open_period, run_step

GB = 10**9


def used(member: Member) -> int:
    """Millitokens that a member used, over all periods."""
    total = Usage.objects.filter(book__member=member).aggregate(n=Sum("amount"))["n"]
    return total or 0


def broken() -> list[str]:
    return [line for invariant in INVARIANTS for line in invariant()]


def deliver(valley: Valley, *amounts: int) -> None:
    """The baseline and then batches in which the counter grew by so much."""
    post(valley.machine.batches(*amounts))


def test_what_a_counter_grew_by_becomes_the_members_usage(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, 2 * GB, 3 * GB)
    assert services.rate_waiting() == 3
    assert used(valley.ana) == 5_000
    assert [r.rule for r in Reading.objects.order_by("pk")] == ["baseline", "steady", "steady"]
    assert broken() == []


def test_the_first_sight_of_a_meter_at_five_terabytes_counts_nothing(valley: Valley) -> None:
    valley.assign(valley.ana)
    valley.machine.values[TX] = 5_000 * GB
    deliver(valley, 0)
    services.rate_waiting()
    assert used(valley.ana) == 0


def test_beyond_the_tokens_the_posted_price_is_owed_provisionally(valley: Valley) -> None:
    valley.assign(valley.ben)
    deliver(valley, 0, 10 * GB)
    services.rate_waiting()
    # 10 GB at 0.80, of which 0.50 is cost
    assert balance("EUR", "provisional_receivable", f"member/{valley.ben.pk}") == 800


def test_nothing_below_a_millitoken_is_lost_between_readings(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, *[333_334] * 30)
    services.rate_waiting()
    assert used(valley.ana) == 30 * 333_334 // 10**6 == 10
    amounts = list(Reading.objects.order_by("pk").values_list("amount", flat=True))
    assert amounts[:5] == [0, 0, 0, 1, 0]
    assert broken() == []


def test_storage_and_processor_are_counted_in_their_own_measure(valley: Valley) -> None:
    valley.assign(valley.ana, FS, "storage")
    valley.assign(valley.ben, CPU, "cpu")
    machine = valley.machine
    start = machine.clock
    post([machine.batch(machine.counted(0, CPU))])
    machine.clock = start
    post([machine.batch(machine.held(288 * GB)), machine.batch(machine.counted(3600 * 10**6, CPU))])
    services.rate_waiting()
    # 288 GB for 300 s of a day's 86 400 are one GB·day; 3 600 core-seconds are a core·hour
    assert (used(valley.ana), used(valley.ben)) == (1_000, 1_000)
    assert broken() == []


def test_rating_again_and_posting_again_add_nothing(valley: Valley) -> None:
    valley.assign(valley.ana)
    batches = valley.machine.batches(0, GB, GB)
    for _ in range(3):
        post(batches)
        services.rate_waiting()
    services.rate_waiting()
    assert used(valley.ana) == 2_000
    assert Reading.objects.count() == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_and_any_rhythm_of_rating_end_in_the_same_usage(
    valley: Valley, seed: int
) -> None:
    valley.assign(valley.ben)
    order = random.Random(seed)
    batches = valley.machine.batches(0, *[order.randrange(GB) for _ in range(20)])
    total = valley.machine.values[TX] - 1_000
    order.shuffle(batches)
    while batches:
        size = order.randrange(1, 6)
        post(batches[:size])
        batches = batches[size:]
        if order.random() < 0.5:
            services.rate_waiting(limit=order.randrange(1, 4))
    while services.rate_waiting(limit=2):
        pass
    assert used(valley.ben) == total // 10**6
    assert broken() == []


def test_what_was_before_the_assignment_is_nobodys(valley: Valley) -> None:
    machine = valley.machine
    post([machine.batch(machine.counted(0)), machine.batch(machine.counted(7 * GB))])
    valley.assign(valley.ana)
    deliver(valley, 2 * GB)
    services.rate_waiting()
    assert used(valley.ana) == 2_000
    states = list(Reading.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["measured", "measured", "rated"]


def test_use_goes_from_one_member_to_the_next(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, 2 * GB)
    services.rate_waiting()
    assignment = valley.meter(TX).assignments.get()
    services.end_assignment(actor=None, assignment=assignment, until=valley.machine.clock)
    valley.assign(valley.ben)
    deliver(valley, 3 * GB)
    services.rate_waiting()
    assert (used(valley.ana), used(valley.ben)) == (2_000, 3_000)
    assert broken() == []


def test_a_meter_has_one_assignment_at_a_time(valley: Valley) -> None:
    valley.assign(valley.ana)
    with pytest.raises(AlreadyAssigned):
        valley.assign(valley.ben)
    valley.assign(valley.ana)
    assert valley.meter(TX).assignments.count() == 1


def test_an_assignment_cannot_claim_what_is_already_read(valley: Valley) -> None:
    begin = valley.machine.clock
    deliver(valley, 0, GB)
    services.rate_waiting()
    valley.machine.clock = begin
    with pytest.raises(AlreadyRead):
        valley.assign(valley.ana)


def test_an_assignment_needs_a_meter_a_yield_and_a_way_to_tokens(valley: Valley) -> None:
    with pytest.raises(NoConversion):
        valley.assign(valley.ana, CPU, "bandwidth")
    nameless = Meter.objects.create(node=valley.machine.row, name="x", kind="counter")
    with pytest.raises(MeterUnknown):
        valley.assign(valley.ana, nameless.name)
    create_resource(code="transit", name="Transit", unit="GB")
    with pytest.raises(NotYielded):
        valley.assign(valley.ana, TX, "transit")


def test_what_lies_before_the_open_period_is_kept_and_not_charged(valley: Valley) -> None:
    machine = valley.machine
    NodeKey.objects.update(created_at=valley.period.start - timedelta(days=1))
    machine.clock = valley.period.start.replace(microsecond=0) - timedelta(hours=1)
    valley.assign(valley.ana)
    deliver(valley, 0, 2 * GB)
    machine.clock = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    deliver(valley, GB)
    services.rate_waiting()
    assert used(valley.ana) == 1_000
    assert list(Reading.objects.order_by("pk").values_list("state", flat=True)) == [
        "late",
        "late",
        "rated",
    ]
    assert broken() == []


def test_what_lies_after_the_open_period_waits_for_the_next(valley: Valley) -> None:
    machine = valley.machine
    machine.clock = timezone.now().replace(microsecond=0) - timedelta(hours=2)
    Period.objects.update(end=machine.clock)
    valley.assign(valley.ben)
    deliver(valley, 0, 4 * GB)
    assert services.rate_waiting() == 2
    assert (used(valley.ben), services.rate_waiting()) == (0, 0)
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(period_id=valley.period.pk, step=step, actor=None)
    start = machine.clock - timedelta(minutes=10)
    open_period(start=start, end=start + timedelta(days=30), code="next", actor=None)
    services.rate_waiting()
    assert used(valley.ben) == 4_000
    assert broken() == []


def test_a_suspect_nodes_evidence_waits_until_a_steward_decides(valley: Valley) -> None:
    valley.assign(valley.ana)
    node = valley.machine.row
    services.set_node_state(actor=valley.steward, node=node, state="suspect", reason="odd")
    deliver(valley, 0, GB)
    assert (services.rate_waiting(), used(valley.ana)) == (0, 0)
    services.set_node_state(actor=valley.steward, node=node, state="active", reason="seen")
    services.rate_waiting()
    assert used(valley.ana) == 1_000
    changes = list(node.state_changes.values_list("state", "reason"))
    assert changes == [("active", "enrolled"), ("suspect", "odd"), ("active", "seen")]


def test_a_gap_is_kept_and_charged_to_nobody(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ana, FS, "storage")
    gap = {"k": "gap", "why": "driver_failed", "m": FS}
    post([machine.batch(machine.held(GB), gap | machine.times(3_000), machine.held(GB))])
    services.rate_waiting()
    assert Gap.objects.get().meter == valley.meter(FS)
    assert [r.quantity for r in Reading.objects.order_by("pk")] == [300 * GB, 300 * GB]
    assert Reading.objects.order_by("-pk")[0].flags == ["after_gap"]


def test_one_nodes_trouble_holds_up_no_other_node(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, GB)
    other = Machine().enrolled().described()
    post(other.batches(0, GB))
    # what this node signed spells no batch any more: its evidence cannot be read
    Node.objects.filter(pk=other.row.pk).update(label="other")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE metering_envelope SET payload = '{}' WHERE node_id = %s", [other.row.pk]
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert services.rate_waiting() == 2
    assert used(valley.ana) == 1_000
    assert Envelope.objects.filter(rated_at=None).count() == 2
    assert [line for line in broken() if "signature" in line]


def test_a_booked_reading_cannot_be_changed(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, GB)
    services.rate_waiting()
    for change in ({"quantity": 0}, {"amount": 0}, {"state": "waiting"}):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            Reading.objects.filter(state="rated").update(**change)


def test_verify_names_a_reading_that_does_not_follow_from_its_evidence(valley: Valley) -> None:
    valley.assign(valley.ana)
    deliver(valley, 0, GB)
    services.rate_waiting()
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE metering_reading SET quantity = quantity + 5000000")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert any("the reading differs" in line for line in broken())
    assert any("the evidence gives" in line for line in broken())


def overflowing(machine: Machine) -> None:
    """Deliver a batch, then let what is stored spell a year that nothing can be taken from."""
    [envelope] = machine.batches(1)
    post([envelope])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE metering_envelope SET received_at = '0001-01-01T00:00:00Z' WHERE node_id = %s",
            [machine.row.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_what_nobody_expected_in_one_node_stops_no_other(valley: Valley) -> None:
    first = valley.machine
    overflowing(first)
    other = Machine().enrolled().described()
    post(other.batches(0, GB))
    assert services.rate_waiting() == 2
    first.row.refresh_from_db()
    assert first.row.state == Node.State.SUSPECT
    reason = first.row.state_changes.latest("pk").reason
    assert reason == "its evidence could not be rated: OverflowError"
    assert not Reading.objects.filter(meter__node=first.row).exists()
    assert services.rate_waiting() == 0


def test_what_a_meter_cannot_have_counted_is_held_and_never_charged(valley: Valley) -> None:
    valley.assign(valley.ben)
    deliver(valley, 0, 40 * GB, GB)
    assert services.rate_waiting() == 3
    assert services.rate_waiting() == 0
    assert used(valley.ben) == 1_000
    held = Reading.objects.get(state="held")
    assert (held.quantity, held.flags, held.amount) == (40 * GB, ["over_capacity"], None)
    assert broken() == []
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Reading.objects.filter(pk=held.pk).update(state="waiting")


def test_a_clock_set_back_makes_no_use_free(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ben)
    deliver(valley, 0, GB)
    before, machine.clock = machine.clock, valley.period.start - timedelta(days=2)
    deliver(valley, 2 * GB)
    machine.clock = before
    deliver(valley, 4 * GB)
    services.rate_waiting()
    assert used(valley.ben) == 7_000
    flags = [row.flags for row in Reading.objects.order_by("pk")]
    assert flags == [[], [], ["time_inferred"], []]
    assert broken() == []


def test_what_came_late_can_be_booked_once_more_and_then_no_more(valley: Valley) -> None:
    NodeKey.objects.update(created_at=valley.period.start - timedelta(days=1))
    valley.machine.clock = valley.period.start.replace(microsecond=0) - timedelta(hours=1)
    valley.assign(valley.ana)
    deliver(valley, 0, 2 * GB)
    services.rate_waiting()
    [late] = late_use(valley.ana)
    assert (late.resource.code, late.readings, late.amount) == ("bandwidth", 2, 2_000)
    row = Reading.objects.filter(state="late").latest("pk")
    booked = {"state": "rated", "period": valley.period, "raw_before": 0, "amount": 2_000}
    Reading.objects.filter(pk=row.pk).update(**booked)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Reading.objects.filter(pk=row.pk).update(amount=1)


def test_a_long_backlog_keeps_nobody_waiting(valley: Valley) -> None:
    deliver(valley, 0, 0, 0, 0)
    other = Machine().enrolled().described()
    post(other.batches(0))
    for _ in range(2):
        services.rate_waiting(limit=1)
    waiting = Envelope.objects.filter(rated_at=None).values_list("node", flat=True)
    assert list(waiting) == [valley.machine.row.pk] * 3
