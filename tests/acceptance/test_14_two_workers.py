"""14. Two web workers posting one node's batches at once: one chain."""

import random
from typing import Any

import pytest

from metering.invariants import INVARIANTS
from metering.models import Envelope, NodeKey, Receipt
from tests.at_once import run_at_once
from tests.metering.machine import Machine, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_14_two_workers_that_post_one_nodes_batches_make_one_chain() -> None:
    machine = Machine().enrolled()
    batches = machine.batches(*range(24))
    orders = [batches[:], batches[::-1], batches[:]]
    random.Random(3).shuffle(orders[2])
    responses: list[Any] = run_at_once([lambda order=order: post(order) for order in orders])
    assert {response.status_code for response in responses} == {200}
    rows = Envelope.objects.order_by("seq")
    assert [row.chain for row in rows] == [batch.digest for batch in batches]
    assert {row.status for row in rows} == {"accepted"}
    assert NodeKey.objects.get().head_chain == machine.chain
    receipts = {
        (result["seq"], str(result["receipt"]))
        for response in [*responses, post(batches)]
        for result in response.json()["results"]
        if result["receipt"]
    }
    assert len(receipts) == Receipt.objects.count() == 24
    assert [line for invariant in INVARIANTS for line in invariant()] == []


def test_14_workers_that_post_parts_of_a_chain_at_once_make_one_chain() -> None:
    machine = Machine().enrolled()
    batches = machine.batches(*range(30))
    parts = [batches[n::3] for n in range(3)]
    run_at_once([lambda part=part: [post([batch]) for batch in part] for part in parts])
    assert NodeKey.objects.get().head_chain == machine.chain
    assert set(Envelope.objects.values_list("status", flat=True)) == {"accepted"}
    assert Envelope.objects.count() == 30
