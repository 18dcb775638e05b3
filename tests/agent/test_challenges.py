"""Storage challenges on the node: only what it measures is read, and each is answered once."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from coop_agent import challenges, dsse
from coop_agent.challenges import Challenge, NoBlock, answer_all, block_digest, prepared
from coop_agent.cli import main
from coop_agent.clock import now
from coop_agent.errors import AgentError, NotTrusted
from coop_agent.store import Store
from coop_agent.wire import Answer

NODE = "0192f3a4-0000-7000-8000-000000000001"
SERVER = SigningKey(b"s" * 32)
KEY = SigningKey(b"n" * 32)
NONCE = "0f" * 16


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = tmp_path / "shares"
    (kept / "ana").mkdir(parents=True)
    (kept / "ana" / "blob").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "secret").write_bytes(b"x" * 5000)
    return kept


@pytest.fixture
def store(tmp_path: Path, folder: Path) -> Store:
    found = Store.opened(tmp_path)
    with found.transaction():
        found.put("node", NODE)
        found.put("server_keys", [bytes(SERVER.verify_key).hex()])
        names = [row[1] for row in found.rows("PRAGMA table_info(meter)")]
        values = [f"dir:{folder}" if name == "meter" else "0" for name in names]
        marks = ",".join("?" * len(names))
        found.run(f"INSERT INTO meter VALUES ({marks})", *values)
    return found


class Scripted:
    """A site that asks for some blocks and takes what it is sent."""

    def __init__(self, *lines: dict[str, Any], node: str = NODE) -> None:
        self.body: dict[str, Any] = {"v": 1, "node": node, "issued_at": "", "challenges": lines}
        self.status = "accepted"
        self.key = SERVER
        self.sent: list[dict[str, Any]] = []

    def post_plain(self, path: str, body: Any) -> Answer:
        assert path == "/api/v1/agent/challenges"
        assert body["payloadType"] == challenges.REQUEST
        payload = dsse.dumped(self.body)
        kind = challenges.CHALLENGE
        signature = dsse.sign(self.key, kind, payload)
        public = bytes(self.key.verify_key)
        return Answer(200, dsse.envelope(kind, payload, public, signature), None)

    def post(self, path: str, body: Any, headers: dict[str, str]) -> Answer:
        assert path == "/api/v1/agent/envelopes" and headers == {"Coop-Node": NODE}
        self.sent += body["envelopes"]
        return Answer(200, {"results": [{"status": self.status}] * len(body["envelopes"])}, None)


def asked(folder: Path, name: str = "ana/blob", number: int = 1, **changes: Any) -> dict[str, Any]:
    line = {"id": number, "meter": f"dir:{folder}", "name": name, "offset": 512, "length": 2048}
    return line | {"nonce": NONCE, "until": "2026-11-24T00:00:00Z"} | changes


def challenge(folder: Path, name: str, **changes: Any) -> Challenge:
    line = asked(folder, name, **changes)
    return Challenge(**{key: line[key] for key in Challenge._fields})


def wanted(folder: Path) -> str:
    block = (folder / "ana" / "blob").read_bytes()[512 : 512 + 2048]
    return hashlib.sha256(bytes.fromhex(NONCE) + block).hexdigest()


def test_a_challenge_is_answered_with_the_digest_signed_and_once(
    store: Store, folder: Path
) -> None:
    site: Any = Scripted(asked(folder), asked(folder, "ana/gone", 2))
    answer_all(store, site, KEY, now())
    answer_all(store, site, KEY, now())
    assert len(site.sent) == 1
    said = dsse.opened(site.sent[0], challenges.ANSWER, [bytes(KEY.verify_key)])
    assert (said["node"], said["id"], said["digest"]) == (NODE, 1, wanted(folder))
    assert "ana/gone" in store.rows("SELECT text FROM alert")[0]["text"]


def test_what_the_site_did_not_take_is_sent_again(store: Store, folder: Path) -> None:
    site: Any = Scripted(asked(folder))
    site.status = "rejected"
    answer_all(store, site, KEY, now())
    site.status = "accepted"
    answer_all(store, site, KEY, now())
    answer_all(store, site, KEY, now())
    assert len(site.sent) == 2


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "ana/../../secret", "", ".", "ana", "link", "ana//blob",
     "out/secret", "pipe"],
)  # fmt: skip
def test_nothing_outside_of_the_measured_folder_is_read(
    store: Store, folder: Path, name: str
) -> None:
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "out").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    with pytest.raises((NoBlock, OSError)):
        block_digest(store, challenge(folder, name))


def test_only_a_folder_that_is_measured_is_read(store: Store, folder: Path) -> None:
    for meter in (f"dir:{folder.parent}", f"fs:{folder}", "dir:/etc"):
        with pytest.raises(NoBlock, match="measures no such folder"):
            block_digest(store, challenge(folder, "ana/blob", meter=meter))
    with pytest.raises(NoBlock, match="ends before"):
        block_digest(store, challenge(folder, "ana/blob", offset=10_000))


@pytest.mark.parametrize(
    "changes",
    [{"length": 1}, {"length": 2**21}, {"offset": -1}, {"nonce": "zz" * 16}, {"nonce": "00"},
     {"id": "1"}, {"name": None}],
)  # fmt: skip
def test_what_is_no_challenge_is_refused(
    store: Store, folder: Path, changes: dict[str, Any]
) -> None:
    site: Any = Scripted(asked(folder, **changes))
    with pytest.raises(NotTrusted):
        answer_all(store, site, KEY, now())
    assert site.sent == []


def test_another_signer_or_another_nodes_challenges_are_refused(store: Store, folder: Path) -> None:
    strange: Any = Scripted(asked(folder))
    strange.key = KEY
    for site in (strange, Scripted(asked(folder), node="another")):
        with pytest.raises(NotTrusted):
            answer_all(store, site, KEY, now())
        assert site.sent == []


def test_prepared_challenges_are_what_a_node_then_answers(
    store: Store, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(folder / "ana" / "blob")
    state = folder.parent / "nowhere"
    options = ["--state", str(state), "audit-prepare", file, "--name", "ana/blob"]
    assert main([*options, "--count", "5", "--length", "1500"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["size"], len(found["challenges"])) == ("ana/blob", 10_240, 5)
    assert len({line["nonce"] for line in found["challenges"]}) == 5
    assert not state.exists()
    for line in found["challenges"]:
        digest = line.pop("digest")
        assert block_digest(store, challenge(folder, "ana/blob", **line)) == digest


def test_a_file_too_short_to_ask_for_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(b"x" * 1023)
    with pytest.raises(AgentError, match="too little"):
        prepared(short, "short", 1, 65_536)
