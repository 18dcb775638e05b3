"""Storage challenges: prepared by who stores, answered by who keeps (docs/metering-protocol.md).

A challenge asks for sha256(nonce ‖ block) of a file below a folder that this node measures. Who
stored the file worked the digests out before handing it over; the node shows that it still has it.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from nacl.signing import SigningKey

from coop_agent import dsse
from coop_agent.allowances import request
from coop_agent.clock import Moment, spelled
from coop_agent.errors import AgentError, NotTrusted
from coop_agent.store import Store
from coop_agent.wire import Site

CHALLENGE = dsse.payload_type("audit-challenge")
REQUEST = dsse.payload_type("challenges-request")
ANSWER = dsse.payload_type("audit-answer")
ANSWERED = "challenges_answered"
FOLDER = "dir:"
AT_ONCE = 32
KEPT = 1000
LEAST, LARGEST = 1024, 1_048_576
_PIECE = 65_536
_HEX = set("0123456789abcdef")


class NoBlock(AgentError):
    """What was asked for is not there, or not this node's to read."""


class Challenge(NamedTuple):
    """One block that the site asks for."""

    id: int
    meter: str
    name: str
    offset: int
    length: int
    nonce: str


def prepared(path: Path, name: str, count: int, length: int) -> dict[str, Any]:
    """Challenges of a file at random places, each with its digest; raises AgentError."""
    size = path.stat().st_size
    if size < LEAST:
        raise AgentError(f"{path} is shorter than {LEAST} bytes: too little to ask for")
    if not LEAST <= length <= LARGEST:
        raise AgentError(f"a block has {LEAST} to {LARGEST} bytes")
    taken = min(length, size)
    with path.open("rb") as file:
        lines = [_line(file.fileno(), size, taken) for _ in range(count)]
    return {"v": 1, "name": name, "size": size, "challenges": lines}


def _line(file: int, size: int, length: int) -> dict[str, Any]:
    # Only the one who prepares needs it; the agent that runs all year does without.
    import secrets

    offset, nonce = secrets.randbelow(size - length + 1), secrets.token_hex(16)
    digest = digest_of(file, offset, length, nonce)
    return {"offset": offset, "length": length, "nonce": nonce, "digest": digest}


def digest_of(file: int, offset: int, length: int, nonce: str) -> str:
    """sha256 of the nonce and the block; raises NoBlock where the file ends before."""
    found, end = hashlib.sha256(bytes.fromhex(nonce)), offset + length
    while offset < end:
        piece = os.pread(file, min(_PIECE, end - offset), offset)
        if not piece:
            raise NoBlock("the file ends before the block does")
        found.update(piece)
        offset += len(piece)
    return found.hexdigest()


def answer_all(store: Store, site: Site, key: SigningKey, moment: Moment) -> None:
    """Ask what the site wants to see and answer it, each challenge once.

    What cannot be read is not answered: the site finds that out by itself. Raises AgentError.
    """
    done: list[int] = list(store.get(ANSWERED) or ())
    answers: list[tuple[int, dict[str, Any]]] = []
    for challenge in _asked(store, site, key, moment):
        if challenge.id not in done and len(answers) < AT_ONCE:
            envelope = _answer(store, key, challenge, moment)
            answers += [(challenge.id, envelope)] if envelope else []
    if answers:
        taken = _sent(store, site, answers)
        with store.transaction():
            store.put(ANSWERED, [*done, *taken][-KEPT:])


def _asked(store: Store, site: Site, key: SigningKey, moment: Moment) -> list[Challenge]:
    node = str(store.get("node"))
    if moment.wall is None:
        return []  # the site answers no question that it cannot date
    question = request(store, key, moment.wall, REQUEST)
    answer = site.post_plain("/api/v1/agent/challenges", question)
    if answer.status == 404:
        return []
    if answer.status != 200:
        raise AgentError(f"status {answer.status} {answer.code}")
    trusted = [bytes.fromhex(key) for key in store.get("server_keys") or ()]
    said = dsse.opened(answer.body, CHALLENGE, trusted)
    if said.get("v") != 1 or said.get("node") != node:
        raise NotTrusted("the challenges are another node's")
    lines = said.get("challenges")
    if not isinstance(lines, list):
        raise NotTrusted("no list of challenges")
    return [_challenge(line) for line in lines]


def _challenge(value: Any) -> Challenge:
    names = ("id", "offset", "length")
    if not isinstance(value, dict) or any(type(value.get(name)) is not int for name in names):
        raise NotTrusted("a challenge is not as the protocol says")
    texts = [value.get(name) for name in ("meter", "name", "nonce")]
    if not all(isinstance(text, str) for text in texts):
        raise NotTrusted("a challenge is not as the protocol says")
    meter, name, nonce = (str(text) for text in texts)
    is_hex = 32 <= len(nonce) <= 64 and len(nonce) % 2 == 0 and not set(nonce) - _HEX
    if not is_hex or value["offset"] < 0 or not LEAST <= value["length"] <= LARGEST:
        raise NotTrusted("a challenge is not as the protocol says")
    return Challenge(value["id"], meter, name, value["offset"], value["length"], nonce)


def _answer(
    store: Store, key: SigningKey, challenge: Challenge, moment: Moment
) -> dict[str, Any] | None:
    """The signed answer; None, and an alert, where the block cannot be read."""
    try:
        digest = block_digest(store, challenge)
    except (NoBlock, OSError) as error:
        store.add_alert("challenge", f"{challenge.meter} {challenge.name}: {error}")
        return None
    body: dict[str, Any] = {"v": 1, "node": str(store.get("node")), "id": challenge.id}
    body["digest"] = digest
    if moment.wall is not None:
        body["sent"] = spelled(moment.wall)
    payload = dsse.dumped(body)
    return dsse.envelope(ANSWER, payload, bytes(key.verify_key), dsse.sign(key, ANSWER, payload))


def block_digest(store: Store, challenge: Challenge) -> str:
    """The digest that is asked for, read only below a folder that this node measures.

    Raises NoBlock, OSError.
    """
    known = store.number("SELECT count(*) FROM meter WHERE meter = ?", challenge.meter)
    if not known or not challenge.meter.startswith(FOLDER):
        raise NoBlock("this node measures no such folder")
    with opened_below(challenge.meter.removeprefix(FOLDER), challenge.name) as file:
        return digest_of(file, challenge.offset, challenge.length, challenge.nonce)


@contextmanager
def opened_below(folder: str, name: str) -> Iterator[int]:
    """A regular file below a folder, on its file system, reached without any link or step up.

    Each part is opened inside the one before it, so nothing can be swapped in between. Raises
    NoBlock, OSError.
    """
    parts = name.split("/")
    if {"", ".", ".."} & set(parts):
        raise NoBlock("not a path below the folder")
    held = [os.open(folder, os.O_RDONLY | os.O_DIRECTORY)]
    try:
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            held.append(os.open(part, flags, dir_fd=held[-1]))
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        held.append(os.open(parts[-1], flags, dir_fd=held[-1]))
        _require_plain(held[0], held[-1])
        yield held[-1]
    finally:
        for descriptor in held:
            os.close(descriptor)


def _require_plain(folder: int, file: int) -> None:
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_dev != os.fstat(folder).st_dev:
        raise NoBlock("not a regular file of the folder's own file system")


def _sent(store: Store, site: Site, answers: list[tuple[int, dict[str, Any]]]) -> list[int]:
    """Deliver answers; the ids of those that the site took, or will never take."""
    body = {"envelopes": [envelope for _id, envelope in answers]}
    headers = {"Coop-Node": str(store.get("node"))}
    answer = site.post("/api/v1/agent/envelopes", body, headers)
    results = answer.body.get("results")
    if not isinstance(results, list) or len(results) != len(answers):
        raise AgentError(f"status {answer.status} {answer.code}")
    final = [
        isinstance(result, dict)
        and (result.get("status") in ("accepted", "duplicate") or result.get("code") == "schema")
        for result in results
    ]
    return [number for (number, _), is_final in zip(answers, final, strict=True) if is_final]
