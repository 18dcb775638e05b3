"""Late usage of one closed book from many workers at once."""

import pytest

from coop.invariants import all_broken
from tests.at_once import run_at_once
from tests.valley import make_valley
from tokens.models import Adjustment, Book
from tokens.services import record_late

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_that_bring_late_usage_of_one_book_come_to_the_same_sum() -> None:
    """Ana has 50 of June left; eight times 10, each brought twice, are these and 30 over."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    valley.open_july()
    rows = [valley.use("ana", 10_000, f"late{n}") for n in range(8)]
    jobs = [lambda row=row: record_late(rows=[row], actor=None) for row in rows * 2]
    outcomes = run_at_once(jobs)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    found = list(Adjustment.objects.values_list("from_expired", "over", "cost_part", "profit"))
    assert [sum(column) for column in zip(*found, strict=True)] == [50_000, 30_000, 1500, 900]
    book = Book.objects.get(member=valley.members["ana"], yields__period=valley.period)
    assert (len(found), book.redeemed, book.overage) == (8, 500_000, 30_000)
    assert all_broken() == []
