"""From readings to records: nothing lost, nothing doubled, gaps shown."""

import pytest

from coop_agent.clock import SECOND
from coop_agent.drivers import Reading
from coop_agent.store import Store
from tests.agent.scripted import NOON, at, counted, counter, gauge, records, take


def test_the_first_sight_of_a_counter_is_a_baseline(store: Store) -> None:
    take(store, at(60), counter(5_000_000_000_000))
    [record] = records(store)
    assert (record["r0"], record["r1"]) == ("5000000000000", "5000000000000")
    assert (record["mt0"], record["mt1"]) == (str(60 * SECOND), str(60 * SECOND))
    assert "f" not in record


def test_samples_make_one_record_for_each_interval_and_join_without_a_hole(store: Store) -> None:
    for minute in range(11):
        take(store, at(60 * minute), counter(100 * minute))
    assert counted(store) == [("0", "0"), ("0", "500"), ("500", "1000")]
    first, second = records(store)[1:]
    assert first["mt1"] == second["mt0"]
    assert (first["t0"], first["t1"]) == ("2026-11-22T12:00:00Z", "2026-11-22T12:05:00Z")


def test_the_open_record_survives_a_stop_in_the_same_boot(store: Store) -> None:
    take(store, at(0), counter(0))
    take(store, at(60), counter(10))
    take(store, at(5000), counter(700), starting=True)
    assert counted(store) == [("0", "0"), ("0", "10"), ("10", "700")]


def test_a_long_stop_is_said_as_a_gap_of_the_node(store: Store) -> None:
    take(store, at(0), counter(0))
    take(store, at(5000), counter(700), starting=True)
    [gap] = [r for r in records(store) if r["k"] == "gap"]
    assert gap["why"] == "agent_stopped"
    assert (gap["mt0"], gap["mt1"]) == ("0", str(5000 * SECOND))
    assert "m" not in gap


def test_a_short_stop_is_no_gap(store: Store) -> None:
    take(store, at(0), counter(0))
    take(store, at(600), counter(700), starting=True)
    assert not [r for r in records(store) if r["k"] == "gap"]


def test_a_counter_set_back_by_hand_is_seen_even_between_two_samples_of_a_record(
    store: Store,
) -> None:
    for second, value in ((0, 100), (60, 150), (120, 30), (180, 160), (420, 170)):
        take(store, at(second), counter(value))
    # Rated by the protocol: 50, then a fall to 30 (a reset: 30), then 140.
    assert counted(store) == [("100", "100"), ("100", "150"), ("150", "30"), ("30", "170")]


def test_an_interface_made_anew_while_watched_counts_from_its_first_byte(store: Store) -> None:
    take(store, at(0), counter(0, "a", 4))
    take(store, at(60), counter(900, "a", 4))
    take(store, at(120), counter(266, "b", 5))
    first, last, event, fresh = records(store)
    assert (last["inc"], last["r1"]) == ("a", "900")
    assert (event["e"], event["m"]) == ("iface_new", "if:lo:tx")
    assert (fresh["inc"], fresh["r1"], fresh["f"]) == ("b", "266", ["fresh"])
    assert first["inc"] == "a"


def test_an_older_interface_that_took_the_name_is_only_a_baseline(store: Store) -> None:
    old, other = counter(7, "a", 4), counter(10**9, "z", 5, "if:old:tx")
    take(store, at(0), old, other)
    take(store, at(60), counter(10**9, "c", 5))
    [renamed] = [r for r in records(store) if r.get("inc") == "c"]
    assert "f" not in renamed


def test_after_a_reboot_counters_are_fresh_and_the_old_boot_is_closed_first(store: Store) -> None:
    take(store, at(0), counter(0), gauge(10))
    take(store, at(60), counter(50), gauge(10))
    take(store, at(30, "boot-2"), counter(7, "b"), gauge(20), starting=True)
    rows = store.rows("SELECT boot FROM record ORDER BY id")
    boots = [row["boot"] for row in rows]
    assert boots == sorted(boots)
    assert counted(store) == [("0", "0"), ("0", "50"), ("7", "7")]
    assert [r.get("f") for r in records(store) if r.get("inc") == "b"] == [["fresh"]]
    assert [r["e"] for r in records(store) if r["k"] == "event"] == ["reboot"]


def test_a_gauge_is_its_mean_weighted_with_time(store: Store) -> None:
    for second, value in ((0, 100), (60, 100), (120, 400), (300, 0)):
        take(store, at(second), gauge(value))
    [record] = records(store)
    # 100 for 120 s, 400 for 180 s: 84,000 byte-seconds in 300 s.
    assert record["v"] == "280"


def test_a_gauge_without_samples_is_a_gap_after_two_intervals(store: Store) -> None:
    take(store, at(0), gauge(100))
    take(store, at(60), gauge(100))
    take(store, at(661), gauge(100))
    take(store, at(961), gauge(100))
    # The round is the node's only one, so the node says the gap too.
    span = [(r["k"], r.get("m"), r["mt0"], r["mt1"]) for r in records(store)]
    assert [(k, m, int(a) // SECOND, int(b) // SECOND) for k, m, a, b in span] == [
        ("gauge", "fs:/", 0, 60),
        ("gap", None, 60, 661),
        ("gap", "fs:/", 60, 661),
        ("gauge", "fs:/", 661, 961),
    ]


def test_a_driver_that_fails_leaves_the_others_and_its_counter_loses_nothing(store: Store) -> None:
    lo, cpu = counter(0), counter(0, meter="cpu:total")
    take(store, at(0), lo)
    take(store, at(0), cpu, driver="cpu")
    for minute in range(1, 21):
        take(store, at(60 * minute), counter(minute, meter="cpu:total"), driver="cpu")
    take(store, at(1260), counter(999))
    deltas = [int(b) - int(a) for a, b in counted(store) if int(b) > 100]
    assert deltas == [999]


def test_without_a_clock_only_the_time_since_boot_is_stamped(store: Store) -> None:
    take(store, at(0, clock=False), counter(0))
    take(store, at(300, clock=False), counter(5))
    assert all("t0" not in r and "t1" not in r and "mt1" in r for r in records(store))


def test_a_counter_near_the_top_of_64_bits_keeps_every_digit(store: Store) -> None:
    top = 2**64 - 1
    take(store, at(0), counter(top - 1))
    take(store, at(300), counter(top))
    assert counted(store)[1] == ("18446744073709551614", "18446744073709551615")


def test_noon_is_what_the_scripts_say() -> None:
    assert at(0).wall == NOON


def lasting(value: int, inc: str = "a", order: int = 1) -> Reading:
    return Reading("tor:read", "counter", "By", value, inc, order, lasting=True)


def test_a_counter_that_outlives_a_boot_goes_on_from_where_it_was(store: Store) -> None:
    take(store, at(0), lasting(1000))
    take(store, at(60), lasting(1500))
    take(store, at(30, "boot-2"), lasting(1700), starting=True)
    take(store, at(330, "boot-2"), lasting(1800))
    assert counted(store) == [("1000", "1000"), ("1000", "1500"), ("1500", "1800")]
    rows = store.rows("SELECT boot FROM record ORDER BY id")
    assert [row["boot"] for row in rows] == ["boot-1", "boot-1", "boot-2", "boot-2"]
    last = records(store)[-1]
    assert (last["mt0"], last["mt1"]) == ("0", str(330 * SECOND))


def test_a_counter_that_fell_over_a_boot_shows_its_fall(store: Store) -> None:
    take(store, at(0), lasting(1000))
    take(store, at(30, "boot-2"), lasting(40), starting=True)
    assert counted(store) == [("1000", "1000"), ("1000", "40")]


@pytest.mark.parametrize(("order", "flags"), [(1, None), (2, ["fresh"])])
def test_a_boot_does_not_make_a_lasting_counter_new(
    store: Store, order: int, flags: list[str] | None
) -> None:
    take(store, at(0), lasting(1000))
    take(store, at(30, "boot-2"), lasting(5 * 10**12, "b", order), starting=True)
    [begun] = [r for r in records(store) if r.get("inc") == "b"]
    assert begun.get("f") == flags
