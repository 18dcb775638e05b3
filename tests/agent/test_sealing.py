"""From records to batches: numbered without holes, chained, within the limits, in one boot."""

import json
from pathlib import Path
from typing import Any

import pytest

from coop_agent import dsse, keys
from coop_agent.chain import chain_problems
from coop_agent.clock import Moment
from coop_agent.sealing import BATCH, MAX_PAYLOAD, prune, seal
from coop_agent.store import Store
from tests.agent.scripted import at, counter, gauge, take
from tests.agent.site import NODE


def sealed(store: Store, folder: Path, moment: Moment) -> list[dict[str, Any]]:
    seal(store, keys.loaded(folder), moment)
    return [json.loads(r["payload"]) for r in store.rows("SELECT * FROM envelope ORDER BY seq")]


def test_batches_follow_each_other_from_the_genesis_value(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0), counter(0))
    sealed(enrolled, folder, at(1))
    take(enrolled, at(300), counter(5))
    first, second = sealed(enrolled, folder, at(301))
    public = bytes(keys.loaded(folder).verify_key)
    assert (first["seq"], first["prev"]) == (1, dsse.genesis(NODE, 1, public))
    assert second["seq"] == 2
    assert second["prev"] == dsse.chain_value(BATCH, dsse.dumped(first))
    assert chain_problems(enrolled) == []


def test_a_batch_has_exactly_the_keys_of_the_protocol(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0), counter(0), gauge(1))
    [batch] = sealed(enrolled, folder, at(7))
    assert list(batch) == [
        "v", "node", "epoch", "seq", "prev", "boot", "sent", "mono", "clock", "inv", "records",
    ]  # fmt: skip
    assert (batch["sent"], batch["mono"]) == ("2026-11-22T12:00:07Z", "7000000000")
    assert [record["n"] for record in batch["records"]] == [1]


def test_nothing_waiting_makes_no_batch(enrolled: Store, folder: Path) -> None:
    assert sealed(enrolled, folder, at(0)) == []


def test_a_batch_holds_one_boot(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0), counter(0))
    take(enrolled, at(60), counter(9))
    take(enrolled, at(10, "boot-2"), counter(1, "b"), starting=True)
    old, new = sealed(enrolled, folder, at(20, "boot-2"))
    assert (old["boot"], old["mono"]) == ("boot-1", "60000000000")
    assert (new["boot"], new["mono"]) == ("boot-2", "20000000000")
    assert {r["k"] for r in new["records"]} == {"event", "counter"}


def test_times_are_filled_in_when_the_clock_is_set_later_in_the_boot(
    enrolled: Store, folder: Path
) -> None:
    take(enrolled, at(0, clock=False), counter(0))
    take(enrolled, at(300, clock=False), counter(5))
    [batch] = sealed(enrolled, folder, at(600))
    assert [r["t1"] for r in batch["records"]] == ["2026-11-22T12:00:00Z", "2026-11-22T12:05:00Z"]


def test_a_batch_without_a_clock_says_so_and_stamps_nothing(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0, clock=False), counter(0))
    [batch] = sealed(enrolled, folder, at(1, clock=False))
    assert batch["clock"] == "unset"
    assert "sent" not in batch
    assert not {"t0", "t1"} & set(batch["records"][0])


def test_times_of_an_earlier_boot_are_not_guessed(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0, clock=False), counter(0))
    take(enrolled, at(10, "boot-2"), counter(1, "b"), starting=True)
    old, _ = sealed(enrolled, folder, at(20, "boot-2"))
    assert "t1" not in old["records"][0]


def test_more_records_than_fit_become_several_batches(enrolled: Store, folder: Path) -> None:
    with enrolled.transaction():
        for n in range(1200):
            body = {"k": "event", "e": "reboot", "mt1": "1", "m": f"{n}-" + "é" * 300}
            enrolled.add_record("boot-1", body)
    batches = sealed(enrolled, folder, at(1))
    names = [r["m"].split("-")[0] for batch in batches for r in batch["records"]]
    assert names == [str(n) for n in range(1200)]
    assert all(len(dsse.dumped(batch)) <= MAX_PAYLOAD for batch in batches)
    assert [batch["seq"] for batch in batches] == list(range(1, len(batches) + 1))


def test_the_inventory_is_signed_anew_only_when_the_meters_change(
    enrolled: Store, folder: Path
) -> None:
    take(enrolled, at(0), counter(0))
    sealed(enrolled, folder, at(1))
    take(enrolled, at(300), counter(5))
    sealed(enrolled, folder, at(301))
    take(enrolled, at(360), counter(6), gauge(1))
    take(enrolled, at(660), counter(6), gauge(1))
    first, second, third = [batch["inv"] for batch in sealed(enrolled, folder, at(661))]
    assert first == second
    assert third != first
    rows = {
        row["sha"]: json.loads(row["payload"]) for row in enrolled.rows("SELECT * FROM inventory")
    }
    assert [m["m"] for m in rows[third]["meters"]] == ["fs:/", "if:lo:tx"]
    assert rows[first]["meters"] == [
        {"m": "if:lo:tx", "k": "counter", "u": "By", "driver": "netdev", "bits": 64}
    ]


def test_a_failure_while_sealing_uses_no_number_and_loses_no_record(
    enrolled: Store, folder: Path
) -> None:
    take(enrolled, at(0), counter(0))
    enrolled.run(
        "CREATE TRIGGER full BEFORE INSERT ON envelope BEGIN SELECT RAISE(FAIL, 'full'); END"
    )
    with pytest.raises(Exception, match="full"):
        seal(enrolled, keys.loaded(folder), at(1))
    enrolled.run("DROP TRIGGER full")
    assert [b["seq"] for b in sealed(enrolled, folder, at(2))] == [1]
    assert chain_problems(enrolled) == []


def test_a_halted_node_seals_nothing_but_keeps_its_records(enrolled: Store, folder: Path) -> None:
    take(enrolled, at(0), counter(0))
    with enrolled.transaction():
        enrolled.put("halted", "conflict")
    assert sealed(enrolled, folder, at(1)) == []
    assert enrolled.number("SELECT count(*) FROM record") == 1


def test_only_receipted_payloads_older_than_90_days_are_let_go(
    enrolled: Store, folder: Path
) -> None:
    for second in (0, 300, 600):
        take(enrolled, at(second), counter(second))
        sealed(enrolled, folder, at(second))
    with enrolled.transaction():
        enrolled.run("UPDATE envelope SET sealed_at = sealed_at - 91 * 86400 WHERE seq < 3")
        enrolled.run("UPDATE envelope SET state = 'receipted' WHERE seq <> 2")
    prune(enrolled, at(700))
    kept = enrolled.rows("SELECT seq FROM envelope WHERE payload IS NOT NULL ORDER BY seq")
    assert [row["seq"] for row in kept] == [2, 3]


def test_a_meter_gone_for_a_day_leaves_the_inventory_once_its_record_is_closed(
    enrolled: Store, folder: Path
) -> None:
    day = 25 * 3600
    take(enrolled, at(0), counter(0), counter(0, meter="if:gone:tx"))
    take(enrolled, at(60), counter(1), counter(8, meter="if:gone:tx"))
    take(enrolled, at(day), counter(2))
    prune(enrolled, at(day))
    left = [row["meter"] for row in enrolled.rows("SELECT meter FROM meter")]
    assert left == ["if:lo:tx"]
    [batch] = sealed(enrolled, folder, at(day))
    assert [r["r1"] for r in batch["records"] if r.get("m") == "if:gone:tx"] == ["0", "8"]
