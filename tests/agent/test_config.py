"""Which intervals are in force: the command line, then the site, then the usual ones."""

import pytest

from coop_agent.config import BACKLOG_LIMIT, Intervals, Wishes, intervals, stretched
from coop_agent.errors import AgentError
from coop_agent.store import Store


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        (Wishes(), (60, 300, 900)),
        (Wishes(2, 5, 10), (2, 5, 10)),
        (Wishes(seal_s=10), (10, 10, 10)),
        (Wishes(record_s=5), (5, 5, 900)),
        (Wishes(record_s=1000), (60, 1000, 1000)),
        (Wishes(sample_s=2000), (2000, 2000, 2000)),
    ],
)
def test_a_wish_moves_what_does_not_fit_it(
    store: Store, wishes: Wishes, expected: tuple[int, int, int]
) -> None:
    assert intervals(store, wishes) == Intervals(*expected)


def test_the_site_decides_what_nobody_wished(store: Store) -> None:
    store.put("config", {"etag": "a", "sample_s": 2, "record_s": 5, "seal_s": 10})
    assert intervals(store, Wishes()) == Intervals(2, 5, 10)
    assert intervals(store, Wishes(seal_s=20)) == Intervals(2, 5, 20)


@pytest.mark.parametrize("wishes", [Wishes(9, None, 5), Wishes(9, 8, 10), Wishes(1, 2, 90_000)])
def test_wishes_that_contradict_each_other_are_refused(store: Store, wishes: Wishes) -> None:
    with pytest.raises(AgentError):
        intervals(store, wishes)


def test_a_large_backlog_makes_longer_records_and_one_batch_a_day() -> None:
    usual = Intervals(60, 300, 900)
    assert stretched(usual, BACKLOG_LIMIT - 1) == usual
    assert stretched(usual, BACKLOG_LIMIT) == Intervals(60, 600, 86_400)
    assert stretched(usual, 1000 * BACKLOG_LIMIT) == Intervals(60, 86_400, 86_400)
