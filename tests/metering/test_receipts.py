"""A receipt names the newest head of the log, so that who keeps receipts is a witness of it."""

import base64
import json

import pytest

from ledger.log import tree
from tests.metering.machine import post
from tests.metering.world import make_valley
from tests.sealing import seal_all

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receipt_carries_the_newest_head_of_the_log() -> None:
    valley = make_valley()
    seal_all()
    head = tree.newest()
    assert head is not None
    answer = post(valley.machine.batches(0)).json()
    payload = json.loads(base64.b64decode(answer["results"][0]["receipt"]["payload"]))
    assert payload["checkpoint"] == {"size": head.size, "root": bytes(head.root).hex()}
