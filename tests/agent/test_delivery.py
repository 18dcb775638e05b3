"""What each answer of the site does to the node's memory."""

import json
from pathlib import Path
from typing import Any

import pytest

from coop_agent import keys
from coop_agent.chain import chain_problems
from coop_agent.delivery import Barred, Delivery, Halted, TryLater
from coop_agent.sealing import seal
from coop_agent.store import Store
from coop_agent.wire import Site
from signing import dsse
from tests.agent.scripted import at, counter, gauge, records, take
from tests.agent.site import Reply, RunningSite, problem


class Node:
    """An enrolled node with batches to deliver."""

    def __init__(self, store: Store, folder: Path, running: RunningSite) -> None:
        self.store, self.folder, self.running = store, folder, running
        self.second = 0
        self.restart()

    def restart(self) -> None:
        key = keys.loaded(self.folder)
        self.delivery = Delivery(self.store, key, Site(self.running.url))

    def make(self, count: int) -> None:
        for _ in range(count):
            take(self.store, at(self.second), counter(self.second))
            seal(self.store, keys.loaded(self.folder), at(self.second))
            self.second += 300

    def deliver(self) -> None:
        while self.delivery.offer():
            pass

    def states(self) -> list[str]:
        return [row["state"] for row in self.store.rows("SELECT state FROM envelope ORDER BY seq")]


@pytest.fixture
def node(enrolled: Store, folder: Path, running: RunningSite) -> Node:
    return Node(enrolled, folder, running)


def test_batches_are_receipted_in_order_after_the_inventory(node: Node) -> None:
    node.make(3)
    node.deliver()
    assert node.running.site.offers == [[None], [1, 2, 3]]
    assert node.states() == ["receipted"] * 3
    assert chain_problems(node.store) == []
    assert node.delivery.offer() is False


def test_a_new_inventory_goes_before_the_batch_that_uses_it(node: Node) -> None:
    node.make(1)
    node.deliver()
    take(node.store, at(400), counter(1), gauge(1))
    take(node.store, at(700), counter(1), gauge(1))
    node.second = 800
    node.make(1)
    node.deliver()
    assert node.running.site.offers == [[None], [1], [None, 2]]
    known = node.running.site.inventories
    assert all(stored.body["inv"] in known for stored in node.running.site.batches.values())


def test_more_than_fits_goes_in_several_requests(node: Node) -> None:
    node.make(70)
    node.deliver()
    assert [len(offer) for offer in node.running.site.offers] == [1, 32, 32, 6]


def test_a_lost_answer_is_asked_for_again_and_gives_the_same_receipt(node: Node) -> None:
    node.make(2)

    def lose(envelopes: list[dsse.Envelope]) -> Reply:
        node.running.site.accepted(envelopes)
        return problem(503, "unavailable")

    node.running.site.tricks = [lambda e: None, lose]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed", "sealed"]
    node.deliver()
    assert node.states() == ["receipted", "receipted"]
    assert node.running.site.offers == [[None], [1, 2], [1, 2]]


def test_the_site_being_away_loses_nothing(node: Node, running: RunningSite) -> None:
    node.make(1)
    node.delivery = Delivery(node.store, keys.loaded(node.folder), Site("http://127.0.0.1:1"))
    with pytest.raises(TryLater):
        node.deliver()
    node.restart()
    node.deliver()
    assert node.states() == ["receipted"]


@pytest.mark.parametrize("status", [408, 415, 429, 500, 502, 503, 404])
def test_trouble_on_the_way_is_tried_again(node: Node, status: int) -> None:
    node.make(1)
    node.running.site.tricks = [lambda e: problem(status, "trouble")]
    with pytest.raises(TryLater):
        node.deliver()
    node.deliver()
    assert node.states() == ["receipted"]


def test_the_pause_that_the_site_asks_for_is_told(node: Node) -> None:
    node.make(1)
    node.running.site.tricks = [lambda e: (429, {"code": "slow"}, {"Retry-After": "77"})]
    with pytest.raises(TryLater) as told:
        node.deliver()
    assert told.value.pause == 77


@pytest.mark.parametrize("answer", [{}, {"results": []}, {"results": "x"}, {"results": [1, 2, 3]}])
def test_an_answer_without_sense_is_tried_again(node: Node, answer: dict[str, Any]) -> None:
    node.make(1)
    node.running.site.tricks = [lambda e: None, lambda e: (200, answer, {})]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed"]


def test_a_receipt_by_another_key_is_not_believed(node: Node) -> None:
    node.make(1)
    node.running.site.seed = bytes(32)
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed"]
    assert [row["code"] for row in node.store.rows("SELECT code FROM alert")] == ["bad_receipt"]


def test_a_receipt_for_another_batch_is_not_believed(node: Node) -> None:
    node.make(1)
    site = node.running.site

    def swap(envelopes: list[dsse.Envelope]) -> Reply:
        digest = envelopes[0].digest
        result = site.result(1, digest, "accepted", site.receipt(2, digest))
        return 200, {"results": [result]}, {}

    site.tricks = [lambda e: None, swap]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed"]


def test_a_batch_that_waits_for_others_is_offered_again_after_them(node: Node) -> None:
    node.make(3)
    site = node.running.site

    def forget_first(envelopes: list[dsse.Envelope]) -> Reply:
        body = site.accepted(envelopes[1:])[1]
        late = site.result(1, envelopes[0].digest, "rejected", None, "busy")
        return 200, body | {"results": [late, *body["results"]]}, {}

    site.tricks = [lambda e: None, forget_first]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed", "pending", "pending"]
    node.make(1)
    node.deliver()
    assert site.offers[-1] == [1, 4, 2, 3]
    assert node.states() == ["receipted"] * 4


def test_a_conflict_stops_sealing_and_sending_for_good(node: Node) -> None:
    node.make(1)
    site = node.running.site

    def conflict(envelopes: list[dsse.Envelope]) -> Reply:
        other = site.receipt(1, "ab" * 32)
        return 200, {"results": [site.result(1, envelopes[0].digest, "conflict", other)]}, {}

    site.tricks = [lambda e: None, conflict]
    with pytest.raises(Halted):
        node.deliver()
    node.restart()
    with pytest.raises(Halted):
        node.deliver()
    node.make(1)
    assert node.states() == ["conflict"]
    assert len(records(node.store)) == 1
    assert len(site.offers) == 2


def test_a_site_that_knows_more_than_was_offered_stops_the_node_before_it_forks(
    node: Node,
) -> None:
    node.make(1)
    node.running.site.next_seq = 15
    node.running.site.next_receipt = node.running.site.receipt(14, "ab" * 32)
    with pytest.raises(Halted):
        node.deliver()
    assert node.running.site.offers == [[None]]
    assert node.store.get("halted").startswith("restored_or_cloned")


def alerts(node: Node) -> list[str]:
    return [row["code"] for row in node.store.rows("SELECT code FROM alert")]


@pytest.mark.parametrize("seed", [None, bytes(32)])
def test_a_number_without_the_sites_receipt_stops_nothing(node: Node, seed: bytes | None) -> None:
    node.make(1)
    site = node.running.site
    site.next_seq = 15
    if seed is not None:
        own, site.seed = site.seed, seed
        site.next_receipt = site.receipt(14, "ab" * 32)
        site.seed = own
    node.deliver()
    assert node.states() == ["receipted"]
    assert node.store.get("halted") is None
    assert alerts(node) == ["ahead_unproven"]


def test_a_receipt_for_the_very_batch_proves_no_conflict(node: Node) -> None:
    node.make(1)
    site = node.running.site

    def lie(envelopes: list[dsse.Envelope]) -> Reply:
        digest = envelopes[0].digest
        return 200, {"results": [site.result(1, digest, "conflict", site.receipt(1, digest))]}, {}

    def say_so(envelopes: list[dsse.Envelope]) -> Reply:
        return 200, {"results": [site.result(1, envelopes[0].digest, "conflict", None)]}, {}

    site.tricks = [lambda e: None, lie, say_so]
    for _ in range(2):
        with pytest.raises(TryLater):
            node.deliver()
    assert alerts(node) == ["conflict_unproven"]
    node.make(1)
    node.deliver()
    assert node.states() == ["receipted"] * 2


def test_an_answer_lost_after_the_offer_is_no_clone(node: Node) -> None:
    node.make(1)
    node.running.site.tricks = [
        lambda e: None,
        lambda e: node.running.site.accepted(e) and problem(500, "crash"),
    ]
    with pytest.raises(TryLater):
        node.deliver()
    node.restart()
    node.deliver()
    assert node.store.get("halted") is None


def test_a_site_restored_from_a_backup_is_offered_what_it_lost(node: Node) -> None:
    node.make(5)
    node.deliver()
    for seq in (3, 4, 5):
        del node.running.site.batches[seq]
    node.make(1)
    with pytest.raises(TryLater):
        node.deliver()
    node.deliver()
    assert sorted(node.running.site.batches) == [1, 2, 3, 4, 5, 6]
    assert node.states() == ["receipted"] * 6


@pytest.mark.parametrize(
    ("status", "code"), [(400, "malformed"), (413, "too_large"), (422, "schema")]
)
def test_a_refused_batch_is_put_aside_and_a_later_batch_says_so(
    node: Node, status: int, code: str
) -> None:
    node.make(1)
    node.running.site.tricks = [lambda e: None, lambda e: problem(status, code)]
    node.deliver()
    assert node.states() == ["dead"]
    [letter] = node.store.rows("SELECT * FROM dead_letter")
    assert (letter["seq"], letter["code"]) == (1, code)
    kept = dsse.Envelope.from_json(letter["envelope"].encode())
    [gap] = [r for r in records(node.store) if r["k"] == "gap"]
    assert (gap["why"], gap["seq"], gap["chain"]) == ("refused", 1, kept.digest)
    node.make(1)
    assert chain_problems(node.store) == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {}, "text/html"),
        (413, {"code": "too_large"}, "application/json"),
        (422, {"code": "schema"}, "text/plain"),
        (422, {"results": [{"status": "rejected", "code": "schema"}]}, "application/json"),
        (400, {"code": "digest_mismatch"}, "application/problem+json"),
        (422, {"code": "invalid"}, "application/problem+json"),
        (400, {"code": "schema"}, "application/problem+json"),
    ],
)
def test_a_refusal_that_is_not_the_sites_own_puts_nothing_aside(
    node: Node, status: int, body: dict[str, Any], kind: str
) -> None:
    node.make(2)
    answer = (status, body, {"Content-Type": kind})
    node.running.site.tricks = [lambda e: None, lambda e: answer]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.states() == ["sealed", "sealed"]
    node.deliver()
    assert node.states() == ["receipted", "receipted"]


def test_of_several_only_the_one_at_fault_is_put_aside(node: Node) -> None:
    node.make(3)

    def refuse_second(envelopes: list[dsse.Envelope]) -> Reply | None:
        seqs = [json.loads(e.payload)["seq"] for e in envelopes]
        return problem(422, "schema") if 2 in seqs else None

    node.running.site.tricks = [lambda e: None, refuse_second, refuse_second, refuse_second]
    with pytest.raises(TryLater):
        node.deliver()
    assert node.running.site.offers == [[None], [1, 2, 3], [1], [2], [3]]
    assert node.states() == ["receipted", "dead", "pending"]


def test_a_refusal_with_results_puts_aside_only_what_it_names(node: Node) -> None:
    node.make(1)
    site = node.running.site

    def refuse(envelopes: list[dsse.Envelope]) -> Reply:
        result = site.result(None, "", "rejected", None, "schema")
        return problem(422, "schema", results=[result])

    site.tricks = [lambda e: None, refuse]
    node.deliver()
    assert node.states() == ["dead"]


def test_a_dead_letter_is_never_offered_again(node: Node) -> None:
    node.make(1)
    node.running.site.tricks = [lambda e: None, lambda e: problem(422, "schema")]
    node.deliver()
    node.restart()
    node.deliver()
    assert node.running.site.offers == [[None], [1], [None]]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "unknown_key"), (403, "revoked_key"), (403, "not_enrolled")]
)
def test_a_node_that_is_barred_keeps_everything(node: Node, status: int, code: str) -> None:
    node.make(2)
    node.running.site.tricks = [lambda e: None, lambda e: problem(status, code)]
    with pytest.raises(Barred):
        node.deliver()
    node.make(1)
    assert node.states() == ["sealed"] * 3
    node.delivery.greet_again()
    node.deliver()
    assert node.running.site.offers[2:] == [[None], [1, 2, 3]]
    assert node.states() == ["receipted"] * 3


def test_a_changed_configuration_is_taken_if_the_site_signed_it(node: Node) -> None:
    node.running.site.config = {"etag": "b", "sample_s": 2, "record_s": 4, "seal_s": 8}
    node.make(1)
    node.deliver()
    assert node.store.get("config")["seal_s"] == 8


@pytest.mark.parametrize(
    "config",
    [
        {"etag": "b", "sample_s": 9, "record_s": 4, "seal_s": 8},
        {"etag": "b", "sample_s": 1, "record_s": 4},
        {"etag": "b", "sample_s": "1", "record_s": 4, "seal_s": 8},
        {"etag": "b", "sample_s": 0, "record_s": 4, "seal_s": 8},
    ],
)
def test_a_configuration_without_sense_is_not_taken(node: Node, config: dict[str, Any]) -> None:
    node.running.site.config = config
    node.make(1)
    node.deliver()
    assert node.store.get("config")["etag"] == "a"
    assert node.states() == ["receipted"]


def test_a_configuration_by_another_key_is_not_taken(node: Node) -> None:
    node.running.site.config = {"etag": "b", "sample_s": 2, "record_s": 4, "seal_s": 8}
    node.running.site.config_seed = bytes(32)
    node.make(1)
    node.deliver()
    assert node.store.get("config")["etag"] == "a"
