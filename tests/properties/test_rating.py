"""Rating is a pure function of the state: order, batches and repetitions do not matter."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.invariants import all_broken
from ledger.models import Balance
from tests.valley import Valley, make_valley, taken_back
from tokens.services import UsageRow, record_usage

NAMES = ("ana", "ben", "chloe")
uses = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 400_000)), min_size=1, max_size=8)


def books(valley: Valley) -> dict[tuple[str, str, str], int]:
    """Every balance that is not zero, by its name."""
    found = Balance.objects.exclude(amount=0).select_related("account__commodity")
    return {(b.account.commodity.code, b.account.kind, b.account.owner): b.amount for b in found}


def outcome(
    batches: Sequence[Sequence[UsageRow]], valley: Valley
) -> dict[tuple[str, str, str], int]:
    with taken_back():
        for batch in batches:
            record_usage(rows=batch, actor=None)
        return books(valley)


@pytest.mark.django_db
def test_any_order_any_batches_any_repetition_end_the_same() -> None:
    valley = make_valley()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(uses, st.data())
    def check(amounts: list[tuple[str, int]], data: st.DataObject) -> None:
        rows = [valley.use(name, amount, f"u{n}") for n, (name, amount) in enumerate(amounts)]
        back = [
            valley.use(name, -data.draw(st.integers(0, amount)), f"c{n}", "read twice")
            for n, (name, amount) in enumerate(amounts)
        ]
        shuffled = data.draw(st.permutations(rows + rows))
        cut = data.draw(st.integers(0, len(shuffled)))
        at_once = outcome([rows + back], valley)
        piecemeal = outcome([shuffled[:cut], shuffled[cut:], *([row] for row in back)], valley)
        assert piecemeal == at_once

    check()


@pytest.mark.django_db
def test_cumulative_rounding_gains_nobody_more_than_half_a_cent() -> None:
    valley = make_valley()

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
    def check(amounts: list[int]) -> None:
        rows = [valley.use("chloe", amount, f"u{n}") for n, amount in enumerate(amounts)]
        with taken_back():
            for row in rows:
                record_usage(rows=[row], actor=None)
            owner = f"member/{valley.members['chloe'].pk}"
            owed = books(valley).get(("EUR", "provisional_receivable", owner), 0)
            assert all_broken() == []
        exact = sum(amounts) * 80_000_000
        assert 2 * abs(owed * 10**9 - exact) <= 2 * 10**9

    check()
