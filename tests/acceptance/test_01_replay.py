"""1. Replay of 1,000 envelopes: all duplicate, the same receipts, no change in the books."""

import pytest
from django.db.models import Count, Max, Sum

from ledger.models import Entry, Transaction
from metering import services
from metering.invariants import INVARIANTS
from metering.models import Envelope, Reading, Receipt
from tests.metering.machine import post, statuses
from tests.metering.world import make_valley
from tokens.models import Usage

pytestmark = pytest.mark.django_db(transaction=True)
GB, TOGETHER = 10**9, 32


def everything() -> list[object]:
    """What the books and the evidence hold, as far as a repeat could change it."""
    return [
        list(model.objects.aggregate(n=Count("pk"), last=Max("pk")).values())
        for model in (Envelope, Receipt, Reading, Usage, Transaction)
    ] + [
        Entry.objects.count(),
        Usage.objects.aggregate(n=Sum("amount"))["n"],
        sorted(Receipt.objects.values_list("envelope", "signature")),
        sorted(Entry.objects.values_list("account", "version", "balance_after")),
    ]


def test_01_a_thousand_envelopes_again_change_nothing() -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    batches = valley.machine.batches(0, *[GB // 100] * 999)
    requests = [batches[n : n + TOGETHER] for n in range(0, len(batches), TOGETHER)]
    first = [post(request).json()["results"] for request in requests]
    assert {result["status"] for results in first for result in results} == {"accepted"}
    while services.rate_waiting():
        pass
    before = everything()
    for request, results in zip(reversed(requests), reversed(first), strict=True):
        again = post(request)
        assert set(statuses(again)) == {"duplicate"}
        assert [r["receipt"] for r in again.json()["results"]] == [r["receipt"] for r in results]
    assert services.rate_waiting() == 0
    assert everything() == before
    assert Usage.objects.aggregate(n=Sum("amount"))["n"] == 9_990
    assert [line for invariant in INVARIANTS for line in invariant()] == []
