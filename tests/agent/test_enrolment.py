"""How a node gets its identity, and what it does not fall for."""

import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from coop_agent import dsse, keys
from coop_agent.enrolment import Claim, Enrolment, read_enrolled
from coop_agent.errors import EnrolmentEnded, NotTrusted, Stopping
from coop_agent.store import Store
from coop_agent.wire import Site
from signing import dsse as site_dsse
from tests.agent.site import NODE, SEED, RunningSite

ENROLLED = dsse.payload_type("enrolled")
SERVER = bytes(SigningKey(SEED).verify_key)


def attempt(
    running: RunningSite,
    folder: Path,
    store: Store,
    stop: threading.Event | None = None,
    **more: Any,
) -> list[Claim]:
    claims: list[Claim] = []
    stop = stop or threading.Event()
    Enrolment(folder, store, Site(running.url), stop, claims.append, **more).run()
    return claims


def test_a_claimed_node_knows_its_name_and_pins_the_key_of_the_site(
    running: RunningSite, folder: Path, store: Store
) -> None:
    [claim] = attempt(running, folder, store)
    assert claim.words == dsse.fingerprint_words(running.site.public)
    assert store.get("node") == NODE
    assert store.get("server_keys") == [SERVER.hex()]
    assert store.get("next_seq") == 1


def test_both_keys_are_private_files_and_differ(
    running: RunningSite, folder: Path, store: Store
) -> None:
    attempt(running, folder, store)
    for name in (keys.KEY, keys.NEXT):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert keys.loaded(folder).encode() != keys.loaded(folder, keys.NEXT).encode()


def test_an_enrolled_node_does_not_enrol_again(
    running: RunningSite, folder: Path, store: Store
) -> None:
    attempt(running, folder, store)
    assert attempt(running, folder, store) == []


def test_a_node_told_to_end_while_waiting_goes_on_with_the_same_code_and_key(
    running: RunningSite, folder: Path, store: Store
) -> None:
    running.site.claimed = False
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopping):
        attempt(running, folder, store, stop)
    public, running.site.public = running.site.public, b""
    running.site.claimed = True
    running.site.public = public
    [claim] = attempt(running, folder, store)
    assert claim.user_code == "BCDF-GHJK"
    assert bytes(keys.loaded(folder).verify_key) == public


@pytest.mark.parametrize("code", ["access_denied", "expired_token"])
def test_a_refused_or_expired_code_ends_the_attempt_and_is_forgotten(
    running: RunningSite, folder: Path, store: Store, code: str
) -> None:
    running.site.claimed, running.site.poll_code = False, code
    with pytest.raises(EnrolmentEnded, match=code):
        attempt(running, folder, store)
    assert store.get("pending_enrolment") is None
    assert store.get("node") is None
    running.site.claimed = True
    attempt(running, folder, store)
    assert store.get("node") == NODE


def test_a_site_with_another_key_than_the_pinned_one_is_refused(
    running: RunningSite, folder: Path, store: Store
) -> None:
    with pytest.raises(NotTrusted):
        attempt(running, folder, store, server_key=bytes(range(32)))
    assert store.get("node") is None
    attempt(running, folder, store, server_key=SERVER)
    assert store.get("node") == NODE


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    keys.made(folder)
    (folder / keys.KEY).chmod(0o644)
    with pytest.raises(Exception, match="0600"):
        keys.loaded(folder)


PUBLIC = bytes(SigningKey(bytes(32)).verify_key)
GOOD: dict[str, Any] = {
    "v": 1,
    "node": NODE,
    "epoch": 1,
    "server_keys": [SERVER.hex()],
    "config": {"etag": "a", "sample_s": 60, "record_s": 300, "seal_s": 900},
}


def signed(seed: bytes = SEED, kind: str = ENROLLED, **changes: Any) -> dict[str, Any]:
    return site_dsse.sign(seed, kind, dsse.dumped(GOOD | changes)).as_dict()


def test_an_answer_may_leave_out_the_key_of_the_node() -> None:
    assert read_enrolled(signed(), PUBLIC, None)["node"] == NODE


@pytest.mark.parametrize(
    "answer",
    [
        {},
        signed(seed=bytes(32)),
        signed(kind=dsse.payload_type("config")),
        signed(pub=bytes(32).hex()),
        signed(node=""),
        signed(node=7),
        signed(epoch=0),
        signed(epoch="1"),
        signed(server_keys=[]),
        signed(server_keys=["00"]),
        signed(server_keys="zz"),
        signed(config=None),
        signed(config={"etag": "a", "sample_s": 9, "record_s": 3, "seal_s": 900}),
    ],
)
def test_an_answer_that_is_not_right_in_every_part_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(Exception) as refusal:  # noqa: PT011
        read_enrolled(answer, PUBLIC, None)
    assert type(refusal.value).__module__ == "coop_agent.errors"
