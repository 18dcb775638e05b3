"""15: a period ends while one node in twenty is silent.

The close waits, for the grace that was voted and no longer; then it goes on without that node, and
the head of the log is signed over it. What the node measured comes later, as adjustments in the
open period that name the old one. The closed period's books do not change.
"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from coop.invariants import all_broken
from ledger.log import tree
from ledger.reading import rows
from metering import services
from metering.errors import NodesMissing
from metering.grace import grace_until, missing_nodes
from metering.models import Reading
from policies.queries import policy
from tests.acceptance.field import end_period
from tests.makers import agree
from tests.metering.machine import TX, Machine, post
from tests.metering.world import Valley
from tests.sealing import seal_all
from tokens.adjusted import adjustments_of
from tokens.models import Book, Period, Usage
from tokens.services import run_close, start_close

GB = 10**9
NODES = 20


@pytest.fixture
def nodes(valley: Valley) -> list[Machine]:
    """Twenty nodes; each measures Ben's use and has told of the first hours."""
    machines = [valley.machine, *(Machine().enrolled().described() for _ in range(NODES - 1))]
    for machine in machines:
        services.assign_meter(
            actor=valley.steward,
            meter=machine.row.meters.get(name=TX),
            member=valley.ben,
            pool=valley.pool,
            resource=valley.resource("bandwidth"),
            since=machine.clock,
        )
        post(machine.batches(0, GB))
    while services.rate_waiting():
        pass
    return machines


def end_the_period(valley: Valley, ago: timedelta) -> Period:
    """The period's end as it was so long ago; all nodes but the last tell of what came after."""
    end_period(valley.period, timezone.now() - ago)
    return valley.period


def speak(machines: list[Machine]) -> None:
    """What was used before the end, and a first record from after it."""
    for machine in machines:
        post(machine.batches(2 * GB))
        machine.clock = timezone.now().replace(microsecond=0) - timedelta(seconds=400)
        post(machine.batches(0))
    while services.rate_waiting():
        pass


def kept_of(period: Period) -> list[tuple[object, ...]]:
    """Everything that the books of a period say."""
    return rows(
        "SELECT b.* FROM tokens_settlement b JOIN tokens_book k ON k.id = b.book_id"
        " JOIN tokens_yield y ON y.id = k.yields_id WHERE y.period_id = %s ORDER BY 1",
        [period.pk],
    )


@pytest.mark.django_db(transaction=True)
def test_15_the_close_waits_for_the_silent_then_closes_and_adjusts(
    valley: Valley, nodes: list[Machine]
) -> None:
    *loud, silent = nodes
    period = end_the_period(valley, timedelta(hours=1))
    assert policy("grace_hours", period.end) == 72
    speak(loud)
    assert list(missing_nodes(period)) == [silent.row]
    with pytest.raises(NodesMissing, match=": 1"):
        start_close(period_id=period.pk, actor=valley.steward)
    with pytest.raises(CommandError, match="close without them"):
        call_command("close_period", period.code, stdout=StringIO())
    close(period, grace_until(period))
    before, head = kept_of(period), sealed_head()
    assert_adjusted(valley, period, silent)
    assert kept_of(period) == before
    seal_all()
    newest = tree.newest()
    assert newest is not None and newest.size > head
    assert all_broken() == []


def close(period: Period, at: object) -> None:
    """Close the whole period at a moment after the grace."""
    run = start_close(period_id=period.pk, actor=None, at=at)
    run_close(run.pk)
    run.refresh_from_db()
    assert run.state == "done", (run.step, run.error)
    period.refresh_from_db()
    assert period.state == "closed"


def sealed_head() -> int:
    """The size of the log once the close is sealed under a signed head."""
    seal_all()
    head = tree.newest()
    assert head is not None and head.note
    return int(head.size)


def assert_adjusted(valley: Valley, period: Period, silent: Machine) -> None:
    """The silent node comes back: what it measured then is adjusted now, by name of the period."""
    post(silent.batches(2 * GB, GB))
    while services.rate_waiting():
        pass
    amounts = Reading.objects.filter(meter__node=silent.row, state="rated", period=period)
    assert list(amounts.order_by("pk").values_list("amount", flat=True)) == [0, 1000, 2000, 1000]
    opened = Period.objects.get(state="open")
    adjusted = adjustments_of(valley.ben, opened)
    assert [row.usage.amount for row in adjusted] == [2_000, 1_000]
    assert {row.book.yields.period for row in adjusted} == {period}
    assert {row.booked_in.period for row in adjusted} == {opened}


def test_15_who_does_not_want_to_wait_says_so(valley: Valley, nodes: list[Machine]) -> None:
    period = end_the_period(valley, timedelta(hours=1))
    speak(nodes[:-1])
    run = start_close(period_id=period.pk, actor=valley.steward, early=True)
    run_close(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    period.refresh_from_db()
    assert period.end < timezone.now() - timedelta(minutes=59)


def test_15_nobody_is_waited_for_where_all_have_spoken_or_the_vote_says_so(
    valley: Valley, nodes: list[Machine]
) -> None:
    period = end_the_period(valley, timedelta(hours=1))
    speak(nodes)
    assert not missing_nodes(period).exists()
    silent = Machine().enrolled().described()
    services.assign_meter(
        actor=valley.steward,
        meter=silent.row.meters.get(name=TX),
        member=valley.ana,
        pool=valley.pool,
        resource=valley.resource("bandwidth"),
        since=period.end - timedelta(hours=1),
    )
    assert missing_nodes(period).count() == 1
    agree("grace_hours", 0)
    assert grace_until(period) == period.end
    start_close(period_id=period.pk, actor=valley.steward)
    assert Book.objects.exists() and Usage.objects.exists()
