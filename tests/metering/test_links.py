"""Links: what is compared, what counts, what is disputed, who is suspected; and again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from coop.invariants import all_broken
from metering import services
from metering.errors import AlreadyLinked, NobodysUse, NotALink, OwnDispute
from metering.models import Dispute, LinkCorrection, LinkHour, Meter, Node, Reading
from metering.services.links import booked_corrections, compare_link, expected_corrections
from policies.services import set_policy
from tests.makers import LONG_AGO
from tests.metering.link_world import (
    ENDS,
    HOUR,
    MB,
    RX,
    Linked,
    deliver,
    end_of_a_link,
    hour_of,
    make_linked,
    meter_of,
)
from tests.metering.machine import TX
from tests.metering.test_disputes import ended
from tests.metering.world import Valley
from tokens.models import Adjustment, Usage
from tokens.services.corrections import correct_usage


@pytest.fixture
def linked(valley: Valley) -> Linked:
    return make_linked(valley)


def outcomes(way: str = "ab") -> list[str]:
    rows = LinkHour.objects.filter(way=way).order_by("hour")
    return list(rows.values_list("outcome", flat=True))


def used() -> int:
    return sum(Usage.objects.values_list("amount", flat=True))


def test_what_agrees_counts_as_the_lesser_and_nothing_is_disputed(linked: Linked) -> None:
    linked.hours((400 * MB, 400 * MB, 0, 0), (400 * MB, 399 * MB, 0, 0))
    linked.compare()
    assert outcomes() == ["agree", "agree"]
    assert used() == 799
    row = LinkCorrection.objects.get()
    assert (row.amount, row.assignment.member) == (-1, linked.valley.ana)
    assert not Dispute.objects.exists()
    linked.compare()
    assert LinkCorrection.objects.count() == 1
    assert expected_corrections(linked.a.row) == booked_corrections(linked.a.row)
    assert all_broken() == []


def test_a_little_loss_counts_as_what_arrived_and_is_no_dispute(linked: Linked) -> None:
    linked.hours((104 * MB, 100 * MB, 0, 0), (104 * MB, 100 * MB, 0, 0))
    linked.compare()
    assert outcomes() == ["loss", "loss"]
    assert used() == 200
    assert not Dispute.objects.exists()


def test_more_arriving_than_was_sent_is_disputed_and_the_sender_counts(linked: Linked) -> None:
    linked.hours((100 * MB, 102 * MB, 0, 0), (100 * MB, 100 * MB, 0, 0))
    linked.compare()
    assert outcomes() == ["excess", "agree"]
    assert used() == 200
    assert Dispute.objects.get().member == linked.valley.ana


def test_traffic_that_straddles_the_full_hour_is_no_mismatch(linked: Linked) -> None:
    """A burst of 600 MB before the full hour; A's record of it reaches over the hour."""
    a, b, start = linked.a, linked.b, linked.start
    amounts = [(3000, 0), (600, 600 * MB), (3600, 0)]
    records = []
    for name in (TX, RX):
        a.clock = start
        records += [
            a.counted(amount if name == TX else 0, name, seconds)
            for seconds, amount in [(3300, 0), (600, 600 * MB), (3300, 0)]
        ]
    deliver([a.batch(*records)])
    records = []
    for name in (TX, RX):
        b.clock = start
        records += [b.counted(amount if name == RX else 0, name, s) for s, amount in amounts]
    deliver([b.batch(*records)])
    linked.compare()
    assert outcomes() == ["shifted", "shifted"]
    assert [row.difference for row in LinkHour.objects.filter(way="ab").order_by("hour")] == [
        -300 * MB,
        300 * MB,
    ]
    assert used() == 600
    assert not Dispute.objects.exists()


def test_what_one_hour_steals_the_next_cannot_hide(linked: Linked) -> None:
    """Twice as much, nothing, twice as much: together more than arrived, so each counts alone."""
    linked.hours(*[(sent * MB, 200 * MB, 0, 0) for sent in (200, 400, 0, 400, 200)])
    linked.compare()
    assert outcomes() == ["agree", "missing", "excess", "missing", "agree"]
    assert used() == 200 + 200 + 0 + 200 + 200


def test_an_hour_with_a_gap_is_shown_and_not_compared(linked: Linked) -> None:
    kept = linked.hours((300 * MB, 200 * MB, 0, 0), (200 * MB, 200 * MB, 0, 0), late=("b",))
    linked.compare()
    assert outcomes() == ["gap", "gap"]
    assert used() == 500
    deliver(kept["b"][:1])
    linked.compare()
    assert outcomes() == ["missing", "gap"]
    assert used() == 400
    deliver(kept["b"])
    linked.compare()
    assert outcomes() == ["missing", "agree"]
    assert (used(), LinkCorrection.objects.count()) == (400, 1)


def test_late_evidence_books_the_difference_once_and_any_order_ends_alike(linked: Linked) -> None:
    kept = linked.hours(*[(220 * MB, 200 * MB, 0, 0)] * 2, late=("a", "b"))
    deliver([kept["b"][0]])
    linked.compare()
    deliver([kept["a"][0], kept["a"][1]])
    linked.compare()
    deliver([kept["b"][1]])
    linked.compare()
    linked.compare()
    assert [row.amount for row in LinkCorrection.objects.all()] == [-20, -20]
    assert expected_corrections(linked.b.row) == booked_corrections(linked.b.row)
    assert (used(), all_broken()) == (400, [])


def test_a_changed_result_gives_back_what_was_taken(linked: Linked) -> None:
    """Judged without its neighbour the first hour takes back; with it nothing is missing."""
    a, b, start = linked.a, linked.b, linked.start
    moved = [(3600, 100 * MB)], [(3600, 0)]
    for amounts in moved:
        records = []
        for name in (TX, RX):
            a.clock = start if amounts is moved[0] else start + HOUR
            records += [a.counted(n if name == TX else 0, name, s) for s, n in amounts]
        deliver([a.batch(*records)])
    first = hour_of(b, (0, 0))
    second = hour_of(b, (0, 100 * MB))
    deliver([first])
    linked.compare()
    assert (outcomes(), used()) == (["missing", "gap"], 0)
    deliver([second])
    linked.compare()
    assert (outcomes(), used()) == (["shifted", "shifted"], 100)
    assert [row.amount for row in LinkCorrection.objects.all()] == [-100, 100]
    assert expected_corrections(a.row) == booked_corrections(a.row) == {}
    assert all_broken() == []


def test_a_closed_period_is_corrected_in_the_open_one(linked: Linked) -> None:
    valley = linked.valley
    linked.hours((200 * MB, 100 * MB, 0, 0), (100 * MB, 100 * MB, 0, 0))
    ended(valley)
    linked.compare()
    assert [row.usage.amount for row in Adjustment.objects.all()] == [-100]
    assert LinkCorrection.objects.get().period == valley.period
    assert (used(), all_broken()) == (200, [])


def test_what_cannot_be_booked_is_said_and_tried_again(linked: Linked) -> None:
    """A steward took all back before; then there is nothing to take, until some of it returns."""
    valley = linked.valley
    linked.hours((200 * MB, 100 * MB, 0, 0), (100 * MB, 100 * MB, 0, 0))
    day = timezone.localdate(linked.start)
    same: dict[str, Any] = {
        "member": valley.ana,
        "pool": valley.pool,
        "resource": valley.resource("bandwidth"),
    }
    correct_usage(**same, day=day, amount=-300, reason="wrong meter", actor=valley.steward, key="1")
    linked.compare()
    row = LinkHour.objects.get(outcome="missing")
    assert (row.trouble, row.unsettled, used()) == ("usage_below_zero", True, 0)
    correct_usage(**same, day=day, amount=300, reason="after all", actor=valley.steward, key="2")
    linked.compare()
    row.refresh_from_db()
    assert (row.trouble, row.unsettled, used()) == ("", False, 200)


def test_three_mismatches_in_a_day_make_both_ends_suspect(linked: Linked) -> None:
    bad, good = (120 * MB, 100 * MB, 0, 0), (100 * MB, 100 * MB, 0, 0)
    linked.hours(bad, good, bad, good)
    linked.compare()
    nodes = Node.objects.filter(pk__in=[linked.a.row.pk, linked.b.row.pk])
    assert set(nodes.values_list("state", flat=True)) == {"active"}
    linked.hours(bad, good)
    linked.compare()
    assert set(nodes.values_list("state", flat=True)) == {"suspect"}
    for node in nodes:
        services.release_node(actor=None, node=node, reason="cable mended")
    linked.hours(bad, good)
    linked.compare()
    assert set(nodes.values_list("state", flat=True)) == {"active"}
    assert Dispute.objects.count() == 1


def test_a_node_whose_other_links_agree_is_not_suspected_with_a_liar(linked: Linked) -> None:
    """B has another link, to C, that agrees; A has none. Only A is suspect."""
    valley = linked.valley
    c = end_of_a_link(linked.start)
    names = {TX: "if:vb:tx", RX: "if:vb:rx"}
    linked.b.meters += [dict(line, m=names[str(line["m"])]) for line in ENDS]
    linked.b.described()
    services.declare_link(
        actor=None, label="Ridge – barn", since=linked.start,
        a_tx=meter_of(linked.b, "if:vb:tx"), a_rx=meter_of(linked.b, "if:vb:rx"),
        b_tx=meter_of(c, TX), b_rx=meter_of(c, RX),
    )  # fmt: skip
    b = linked.b
    baseline = [b.counted(0, name, 0) for name in names.values()]
    deliver([b.batch(*baseline)])
    for n in range(4):
        at = linked.start + n * HOUR
        for machine, parts in (
            (linked.a, {TX: 150 * MB, RX: 0}),
            (b, {TX: 0, RX: 100 * MB, "if:vb:tx": 50 * MB, "if:vb:rx": 50 * MB}),
            (c, {TX: 50 * MB, RX: 50 * MB}),
        ):
            records = []
            for name, amount in parts.items():
                machine.clock = at
                records.append(machine.counted(amount, name, 3600))
            deliver([machine.batch(*records)])
    linked.compare()
    states = {
        node: Node.objects.get(pk=machine.row.pk).state
        for node, machine in (("a", linked.a), ("b", b), ("c", c))
    }
    assert states == {"a": "suspect", "b": "active", "c": "active"}
    assert valley.ana.disputes.count() == 1


def test_overhead_is_taken_off_where_packets_are_counted(valley: Valley) -> None:
    linked = make_linked(valley)
    services.end_link(actor=None, pair=linked.pair)
    start = linked.start
    assert services.end_link(actor=None, pair=linked.pair).until is not None
    a = linked.a
    Meter.objects.create(node=a.row, name="if:va:txp", kind="counter", unit="{packet}")
    pair = services.declare_link(
        actor=None, label="Tunnel", layer="tunnel", a_overhead=60, b_overhead=0, since=start,
        a_tx=meter_of(a, TX), a_rx=meter_of(a, RX), b_tx=meter_of(linked.b, TX),
        b_rx=meter_of(linked.b, RX), a_packets=meter_of(a, "if:va:txp"),
    )  # fmt: skip
    deliver([a.batch(a.counted(0, "if:va:txp", 0))])
    packets, carried = 100_000, 100 * MB
    records = []
    for name, amount in ((TX, carried + 60 * packets), (RX, 0), ("if:va:txp", packets)):
        a.clock = start
        records.append(a.counted(amount, name, 3600))
    deliver([a.batch(*records), hour_of(linked.b, (0, carried))])
    linked.compare()
    row = LinkHour.objects.get(pair=pair, way="ab")
    assert (row.packets, row.sent_net, row.outcome) == (packets, carried, "agree")


def test_only_a_link_is_one_and_each_meter_stands_in_one(linked: Linked) -> None:
    pair = linked.pair
    ends: dict[str, Any] = {
        "a_tx": pair.a_tx,
        "a_rx": pair.a_rx,
        "b_tx": pair.b_tx,
        "b_rx": pair.b_rx,
    }
    assert services.declare_link(actor=None, label="again", **ends) == pair
    with pytest.raises(AlreadyLinked):
        services.declare_link(
            actor=None, label="turned", a_tx=pair.b_tx, a_rx=pair.b_rx, b_tx=pair.a_tx,
            b_rx=pair.a_rx,
        )  # fmt: skip
    with pytest.raises(NotALink):
        services.declare_link(actor=None, label="x", **ends | {"b_tx": pair.a_tx})
    gauge = linked.valley.meter("fs:/")
    with pytest.raises(NotALink):
        services.declare_link(actor=None, label="x", **ends | {"a_tx": gauge})


def test_nobody_answers_for_their_own_node_and_nobodys_use_is_not_corrected(
    linked: Linked,
) -> None:
    """Ben looks after B, and Ana's use is concerned: neither of them answers."""
    valley = linked.valley
    linked.hours((100 * MB, 200 * MB, 0, 0), (0, 0, 300 * MB, 100 * MB), (0, 0, 0, 0))
    linked.compare()
    row = Dispute.objects.get()
    for own in (valley.ana.user, valley.ben.user):
        with pytest.raises(OwnDispute):
            services.answer_dispute(dispute_id=row.pk, answer="All is well", actor=own)
    services.answer_dispute(
        dispute_id=row.pk, answer="B was right", actor=valley.steward, correction=100
    )
    assert used() == 200
    later = linked.hours((0, 0, 0, 0), (0, 0, 300 * MB, 100 * MB), (0, 0, 0, 0))
    assert later == {"a": [], "b": []}
    linked.compare()
    other = Dispute.objects.get(answered_at=None)
    assert other.member is None
    with pytest.raises(NobodysUse):
        services.answer_dispute(
            dispute_id=other.pk, answer="x", actor=valley.steward, correction=-1
        )
    services.answer_dispute(dispute_id=other.pk, answer="The line is old", actor=valley.steward)


def test_the_tolerance_is_a_policy_with_a_day(linked: Linked) -> None:
    for key, value in (("link_tolerance", [1, 4]), ("link_loss", [1, 4])):
        set_policy(
            actor=None, key=key, value=value, scope="", valid_from=LONG_AGO, source="founding"
        )
    linked.hours((220 * MB, 200 * MB, 0, 0), (200 * MB, 200 * MB, 0, 0))
    linked.compare()
    assert (outcomes(), used()) == (["agree", "agree"], 400)


def test_a_difference_waits_for_the_hour_after_it(linked: Linked) -> None:
    linked.hours((220 * MB, 200 * MB, 0, 0))
    compare_link(pair_id=linked.pair.pk, now=linked.start + HOUR + timedelta(minutes=5))
    assert (outcomes(), used()) == (["waits"], 220)
    services.compare_links(now=linked.start + 3 * HOUR)
    assert (outcomes(), used()) == (["missing"], 200)
    assert set(Reading.objects.exclude(assignment=None).values_list("state", flat=True)) == {
        "rated"
    }


def test_a_link_ends_with_the_hour_that_was_compared_last(linked: Linked) -> None:
    with time_machine.travel(linked.start + HOUR - timedelta(seconds=60), tick=False):
        linked.hours((400 * MB, 399 * MB, 0, 0))
        services.compare_links()
        services.end_link(actor=None, pair=linked.pair)
    assert (outcomes(), used()) == (["agree"], 399)
    linked.pair.refresh_from_db()
    assert linked.pair.until == linked.start + HOUR
    assert all_broken() == []
