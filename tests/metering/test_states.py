"""How nodes stand: who decides, what is kept of it, what becomes of usage meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import InternalError, transaction
from django.db.models import Sum
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from assets.models import Asset
from coop.invariants import all_broken
from ledger.models import Transaction
from ledger.queries import balance
from metering import services
from metering.errors import NotBound, NotPossibleNow, ReasonNeeded, VoteNeeded
from metering.models import KeyRevocation, Node, NodeStateChange, Reading
from metering.services.states import leave_quarantine, suspect
from metering.trust.standing import held_back, standing_of, suspense_of
from signing import dsse, keys, strict_json
from tests.makers import agree
from tests.metering.machine import Machine, post, statuses
from tests.metering.world import Valley
from tests.races import at_once
from tokens.models import Adjustment, Usage
from tokens.services import run_step
from tokens.services.close import STEPS

GB = 10**9
TOKEN = "token:backbone:bandwidth:now"


def used() -> int:
    return Usage.objects.aggregate(n=Sum("amount"))["n"] or 0


def state(valley: Valley) -> str:
    return Node.objects.get(pk=valley.machine.row.pk).state


def quarantined(valley: Valley, *amounts: int) -> Node:
    """The valley's node in quarantine, having measured so much since."""
    valley.assign(valley.ana)
    post(valley.machine.batches(0))
    services.quarantine_node(actor=valley.steward, node=valley.machine.row, reason="it lies")
    post(valley.machine.batches(*amounts))
    services.rate_waiting()
    return valley.machine.row


def said_by(path: str, kind: str) -> dict[str, Any]:
    """What the site signed there."""
    envelope = dsse.Envelope.from_dict(Client().get(path).json())
    kind = dsse.payload_type(kind)
    said: dict[str, Any] = strict_json.loads(keys.verify_document(envelope, kind))
    return said


def test_suspense_holds_the_usage_and_release_lets_it_be_counted(valley: Valley) -> None:
    node = quarantined(valley, 2 * GB, 3 * GB)
    lines = [(s.pool, s.resource, s.period, s.amount) for s in suspense_of(node)]
    assert lines == [("backbone", "bandwidth", "now", 5_000)]
    assert balance(TOKEN, "suspense", f"member/{valley.ana.pk}") == 5_000
    assert balance(TOKEN, "suspended", "") == -5_000
    assert (used(), all_broken()) == (0, [])
    for _ in range(2):
        services.release_node(actor=valley.steward, node=node, reason="it was the meter's driver")
    assert balance(TOKEN, "suspense", f"member/{valley.ana.pk}") == 0
    services.rate_waiting()
    assert (used(), state(valley), all_broken()) == (5_000, "active", [])


def test_revoking_lets_the_usage_go_and_holds_what_comes_after(valley: Valley) -> None:
    node = quarantined(valley, 2 * GB)
    services.revoke_node(actor=valley.steward, node=node, reason="it forges")
    assert list(Reading.objects.exclude(quantity=0).values_list("state", "amount")) == [
        ("let_go", 2_000)
    ]
    assert balance(TOKEN, "suspense", f"member/{valley.ana.pk}") == 0
    late = post(valley.machine.batches(GB)).json()["results"][0]
    assert (late["status"], bool(late["receipt"])) == ("held", True)
    assert services.rate_waiting() == 0
    row = KeyRevocation.objects.get()
    assert (row.last_seq, used(), all_broken()) == (2, 0, [])
    listed = said_by("/api/v1/agent/revocations", "revocations")["revoked"]
    assert [(r["node"], r["epoch"], r["last_seq"]) for r in listed] == [(str(node.uuid), 1, 2)]
    with pytest.raises(NotPossibleNow):
        services.release_node(actor=valley.steward, node=node, reason="a mistake")


def test_usage_released_after_its_period_closed_is_a_late_adjustment(valley: Valley) -> None:
    """The close leaves suspense alone; what is released later counts where it was used."""
    node = quarantined(valley, 2 * GB)
    with time_machine.travel(valley.period.end + timedelta(minutes=1), tick=False):
        for step in STEPS:
            run_step(period_id=valley.period.pk, step=step, actor=None)
        assert (balance(TOKEN, "suspended", ""), all_broken()) == (-2_000, [])
        services.release_node(actor=None, node=node, reason="it was right")
        services.rate_waiting()
    assert Adjustment.objects.get().usage.amount == 2_000
    assert (used(), balance(TOKEN, "suspended", ""), all_broken()) == (2_000, 0, [])


def test_what_lies_in_no_period_waits_in_suspense_for_its_tokens(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ana)
    services.quarantine_node(actor=None, node=machine.row, reason="it lies")
    machine.clock = valley.period.end - timedelta(minutes=5)
    with time_machine.travel(valley.period.end + timedelta(hours=1), tick=False):
        post(machine.batches(0, 2 * GB))
        services.rate_waiting()
        (line,) = [s for s in suspense_of(machine.row) if s.readings and not s.period]
        assert (line.amount, line.period) == (0, "")
        assert all_broken() == []


def test_a_silent_node_is_marked_and_wakes_with_its_next_batch(valley: Valley) -> None:
    post(valley.machine.batches(0))
    with time_machine.travel(timezone.now() + timedelta(hours=3, minutes=1), tick=False):
        assert (services.sweep_states(), services.sweep_states()) == (1, 0)
        assert state(valley) == "silent"
        assert statuses(post(valley.machine.batches(GB))) == ["accepted"]
        assert state(valley) == "active"
    triggers = NodeStateChange.objects.order_by("pk").values_list("trigger", flat=True)
    assert list(triggers) == ["enrolled", "silence", "heard"]
    assert all_broken() == []


def test_three_impossible_readings_in_a_day_are_a_suspicion(valley: Valley) -> None:
    valley.assign(valley.ana)
    machine = valley.machine
    too_much = 125_000_000 * 300 * 2
    post(machine.batches(0, too_much, too_much))
    services.rate_waiting()
    assert state(valley) == "active"
    post(machine.batches(too_much))
    services.rate_waiting()
    change = NodeStateChange.objects.latest("pk")
    assert (change.state, change.trigger, len(change.facts["readings"])) == (
        "suspect", "capacity", 3,
    )  # fmt: skip
    services.release_node(actor=valley.steward, node=machine.row, reason="a faster link")
    post(machine.batches(too_much))
    services.rate_waiting()
    assert (state(valley), all_broken()) == ("active", [])


def test_a_clock_that_leaps_again_and_again_is_a_suspicion(valley: Valley) -> None:
    valley.assign(valley.ana)
    machine = valley.machine
    agree("clock_jumps", 2)
    for shift in (0, 2, 0):
        machine.booted -= timedelta(hours=shift)
        post(machine.batches(0))
        machine.booted += timedelta(hours=shift)
    services.rate_waiting()
    change = NodeStateChange.objects.latest("pk")
    assert (change.state, change.trigger, len(change.facts["envelopes"])) == (
        "suspect", "clock", 2,
    )  # fmt: skip


def test_only_a_vote_undoes_what_a_vote_confirmed(valley: Valley) -> None:
    node = quarantined(valley, GB)
    services.quarantine_node(actor=None, node=node, reason="agreed", source="proposal:7")
    for decide in (services.release_node, services.revoke_node):
        with pytest.raises(VoteNeeded):
            decide(actor=valley.steward, node=node, reason="enough")
    services.release_node(actor=None, node=node, reason="agreed", source="proposal:8")
    assert (state(valley), all_broken()) == ("active", [])


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_another_asset_changes_nothing_of_a_quarantine(valley: Valley, is_confirmed: bool) -> None:
    """Neither that a vote confirmed it, nor its end and its reason."""
    node = quarantined(valley, GB)
    if is_confirmed:
        services.quarantine_node(actor=None, node=node, reason="agreed", source="proposal:7")
    before = standing_of(node)
    services.set_node_asset(actor=None, node=node, asset=Asset.objects.get(name="Hill mast"))
    assert (standing_of(node), all_broken()) == (before, [])
    [stands] = held_back().values_list("since", "until")
    assert stands == (before.at, before.until)
    if is_confirmed:
        with pytest.raises(VoteNeeded):
            services.release_node(actor=valley.steward, node=node, reason="enough")
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        services.sweep_states()
    assert state(valley) == ("quarantined" if is_confirmed else "active")


def test_one_node_that_cannot_be_let_out_holds_up_no_other(
    valley: Valley, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = valley.machine.row, Machine().enrolled().row
    for node in (first, second):
        services.quarantine_node(actor=None, node=node, reason="it lies")

    def leave(row: Node, **said: Any) -> NodeStateChange:
        assert row != first, "what it signed is too much for the books"
        return leave_quarantine(row, **said)

    monkeypatch.setattr("metering.services.sweeps.leave_quarantine", leave)
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        assert services.sweep_states() == 1
    states = Node.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["quarantined", "active"]


def test_decisions_need_reasons_and_a_history_is_never_rewritten(valley: Valley) -> None:
    node = valley.machine.row
    with pytest.raises(ReasonNeeded):
        services.quarantine_node(actor=None, node=node, reason="  ")
    services.retire_node(actor=valley.steward, node=node, reason="taken down")
    with pytest.raises(NotPossibleNow):
        services.quarantine_node(actor=None, node=node, reason="late")
    KeyRevocation.objects.create(node=node, epoch=1, keyid="x", last_seq=0, reason="never")
    for rows in (NodeStateChange.objects.all(), KeyRevocation.objects.all()):
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            rows.update(reason="otherwise")


def test_what_came_before_a_node_was_retired_is_counted(valley: Valley) -> None:
    valley.assign(valley.ana)
    post(valley.machine.batches(0, GB))
    services.retire_node(actor=None, node=valley.machine.row, reason="taken down")
    assert services.rate_waiting() == 2
    assert (used(), all_broken()) == (1_000, [])


def test_neighbours_are_told_in_a_signed_notice_and_when_it_is_over(valley: Valley) -> None:
    other = Machine().enrolled()
    Node.objects.update(pool=valley.pool)
    path = f"/api/v1/agent/notices/{other.row.uuid}"
    assert said_by(path, "quarantine-notice")["notices"] == []
    services.quarantine_node(actor=None, node=valley.machine.row, reason="it lies")
    answer = Client().get(path)
    (notice,) = said_by(path, "quarantine-notice")["notices"]
    assert (notice["node"], notice["state"]) == (str(valley.machine.row.uuid), "quarantined")
    assert notice["until"] is not None and len(notice["keyids"]) == 1
    same = Client().get(path, headers={"if-none-match": answer["etag"]})
    assert same.status_code == 304
    services.release_node(actor=None, node=valley.machine.row, reason="it was right")
    changed = Client().get(path, headers={"if-none-match": answer["etag"]})
    assert changed.status_code == 200
    (notice,) = said_by(path, "quarantine-notice")["notices"]
    assert (notice["state"], notice["until"]) == ("active", None)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Decisions and rating of one node, at the same moment."""

    def test_two_stewards_decide_otherwise_and_one_of_them_has(self) -> None:
        from tests.metering.world import make_valley

        valley = make_valley()
        node = quarantined(valley, 2 * GB)

        def decide(how: Any) -> str:
            try:
                how(actor=valley.steward, node=node, reason="decided")
            except NotPossibleNow as error:
                return error.code
            return "done"

        results = at_once(
            lambda: decide(services.release_node), lambda: decide(services.revoke_node)
        )
        assert "done" in results
        services.rate_waiting()
        assert balance(TOKEN, "suspense", f"member/{valley.ana.pk}") == 0
        assert (state(valley), used()) in (("revoked", 0), ("revoked", 2_000))
        assert all_broken() == []

    def test_a_release_while_it_is_rated_counts_everything_once(self) -> None:
        from tests.metering.world import make_valley

        valley = make_valley()
        node = quarantined(valley, 2 * GB)
        post(valley.machine.batches(*[GB] * 5))
        at_once(
            lambda: str(services.rate_waiting()),
            lambda: str(services.release_node(actor=None, node=node, reason="it was right")),
            lambda: str(services.rate_waiting()),
        )
        services.rate_waiting()
        assert (state(valley), used(), all_broken()) == ("active", 7_000, [])


def test_suspicion_does_not_touch_a_node_that_is_held_back_already(valley: Valley) -> None:
    node = quarantined(valley, GB)
    before = NodeStateChange.objects.count()
    suspect(node=node, reason="again")
    assert (NodeStateChange.objects.count(), state(valley)) == (before, "quarantined")
    kinds = Transaction.objects.filter(source="metering.suspense").values_list("kind", flat=True)
    assert list(kinds) == ["usage in suspense"]


def test_no_voucher_is_taken_out_for_a_node_that_is_held_back(valley: Valley) -> None:
    node = quarantined(valley, GB)
    now = timezone.now()
    slot = services.Slot(now, now + timedelta(hours=1), node=Node.objects.get(pk=node.pk))
    with pytest.raises(NotBound):
        services.take_voucher(
            member=valley.ana, pool=valley.pool, resource=valley.resource("bandwidth"),
            amount=1_000, slot=slot, actor=None, key="v",
        )  # fmt: skip
