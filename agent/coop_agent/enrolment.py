"""How a node gets its identity: docs/metering-protocol.md, section 3."""

import base64
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from coop_agent import __version__, config, dsse, epochs, keys, log
from coop_agent.clock import now, spelled
from coop_agent.errors import AgentError, EnrolmentEnded, NotTrusted, Stopping, Unreachable
from coop_agent.store import Store
from coop_agent.wire import Answer, Site

PENDING = "pending_enrolment"
RETRY_MAX = 60
OK = 200
MAX_TEXT = 200
_SERIALS = ("product_serial", "board_serial", "product_uuid")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member enters on the site, and what they compare."""

    user_code: str
    words: str
    site: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One attempt: the folder with the keys, the site, and how to tell people the code."""

    folder: Path
    store: Store
    site: Site
    stop: threading.Event
    announce: Callable[[Claim], None]
    server_key: bytes | None = None

    def run(self) -> None:
        """Wait until a member has claimed the node; does nothing if it is enrolled.

        A kill at any point loses nothing: keys and the pending code are on the disk.
        Raises EnrolmentEnded, NotTrusted or Stopping.
        """
        if self.store.get("node") is not None:
            return
        key = keys.made(self.folder)
        pending = self._pending() or self._ask(key)
        self.announce(Claim(pending["user_code"], self._words(key), self.site.url))
        self._accept(key, self._wait(pending))

    def _words(self, key: SigningKey) -> str:
        return dsse.fingerprint_words(bytes(key.verify_key))

    def _pending(self) -> dict[str, Any] | None:
        """A code asked for earlier, if the same site still knows it."""
        pending: dict[str, Any] | None = self.store.get(PENDING)
        if pending is None or pending["until"] < time.time() or pending["site"] != self.site.url:
            return None
        return pending

    def _ask(self, key: SigningKey) -> dict[str, Any]:
        answer = self._insist("/api/v1/agent/enrol", enrol_request(self.folder, key))
        if answer.status != OK:
            raise EnrolmentEnded(f"the site refused: {answer.status} {answer.code}")
        pending = _pending_from(answer.body) | {"site": self.site.url}
        with self.store.transaction():
            self.store.put(PENDING, pending)
        return pending

    def _wait(self, pending: dict[str, Any]) -> Answer:
        interval = pending["interval"]
        while True:
            answer = self._insist(
                "/api/v1/agent/enrol/poll", {"device_code": pending["device_code"]}
            )
            if answer.status == OK:
                return answer
            if answer.code == "slow_down":
                interval += 5
            elif answer.code != "authorization_pending":
                self._end(answer)
            self._sleep(interval)

    def _end(self, answer: Answer) -> None:
        with self.store.transaction():
            self.store.forget(PENDING)
        raise EnrolmentEnded(f"the enrolment ended: {answer.code or answer.status}")

    def _insist(self, path: str, body: Any) -> Answer:
        """The site's answer, however long the site is away."""
        wait = 1
        while True:
            try:
                answer = self.site.post_plain(path, body)
                if answer.status not in (408, 429) and answer.status < 500:
                    return answer
                reason = f"status {answer.status}"
            except Unreachable as error:
                reason = str(error)
            log.warning("the site does not answer, trying again: %s", reason)
            self._sleep(random.uniform(wait, 2 * wait))
            wait = min(2 * wait, RETRY_MAX)

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopping("told to end while enrolling")

    def _accept(self, key: SigningKey, answer: Answer) -> None:
        """Believe the answer, pin its keys and begin the chain, in one transaction."""
        enrolled = read_enrolled(answer.body, bytes(key.verify_key), self.server_key)
        with self.store.transaction():
            for name in ("node", "server_keys", "config"):
                self.store.put(name, enrolled[name])
            self.store.put("site", self.site.url)
            self.store.put("asset", enrolled.get("asset"))
            self.store.put("next", keys.next_digest(self.folder))
            epochs.begin(self.store, enrolled["epoch"], bytes(key.verify_key))
            self.store.forget(PENDING)


def enrol_request(folder: Path, key: SigningKey) -> dict[str, Any]:
    """The self-signed envelope that asks for a code."""
    public = bytes(key.verify_key)
    moment = now()
    sent = {} if moment.wall is None else {"sent": spelled(moment.wall)}
    payload = dsse.dumped(
        {
            "v": 1,
            "pub": public.hex(),
            "next": keys.next_digest(folder),
            "hostname": socket.gethostname()[:MAX_TEXT],
            "serials": serials(),
            "agent": f"coop-agent/{__version__}",
            **sent,
        }
    )
    kind = dsse.payload_type("enrol")
    return dsse.envelope(kind, payload, public, dsse.sign(key, kind, payload))


def serials() -> list[str]:
    """What the firmware says of itself, where it may be read."""
    found: list[str] = []
    for name in _SERIALS:
        try:
            text = Path(f"/sys/class/dmi/id/{name}").read_text(errors="replace").strip("\0\n ")
        except OSError:
            continue
        if text:
            found.append(f"{name}:{text}"[:MAX_TEXT])
    return found


def read_enrolled(body: Any, public: bytes, server_key: bytes | None) -> dict[str, Any]:
    """What the site answered, signed by a key that it names (and that was pinned, if one was)."""
    kind = dsse.payload_type("enrolled")
    named = _server_keys(body) if server_key is None else [server_key]
    enrolled = dsse.opened(body, kind, named)
    _require(enrolled.get("pub", public.hex()) == public.hex(), "enrolled another key")
    _require(isinstance(enrolled.get("node"), str) and enrolled["node"], "no node id")
    _require(type(enrolled.get("epoch")) is int and enrolled["epoch"] >= 1, "no epoch")
    config.parsed(enrolled.get("config"))
    enrolled["server_keys"] = [key.hex() for key in _keys_in(enrolled)]
    return enrolled


def _server_keys(body: Any) -> list[bytes]:
    """The keys the answer itself names: trusted at first sight, from then on pinned."""
    try:
        payload = base64.b64decode(body["payload"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise NotTrusted("not an envelope") from error
    return _keys_in(dsse.parsed_object(payload))


def _keys_in(enrolled: dict[str, Any]) -> list[bytes]:
    try:
        found = [bytes.fromhex(key) for key in enrolled["server_keys"]]
    except (KeyError, TypeError, ValueError) as error:
        raise NotTrusted("no server keys") from error
    _require(found and all(len(key) == 32 for key in found), "no server keys")
    return found


def _pending_from(body: dict[str, Any]) -> dict[str, Any]:
    device, user = body.get("device_code"), body.get("user_code")
    expires, interval = body.get("expires_in"), body.get("interval", 5)
    good = isinstance(device, str) and isinstance(user, str)
    if not good or type(expires) is not int or type(interval) is not int:
        raise AgentError("the site's answer to the enrolment is not understood")
    return {
        "device_code": device,
        "user_code": user,
        "interval": max(1, interval),
        "until": int(time.time()) + expires,
    }


def _require(fact: object, otherwise: str) -> None:
    if not fact:
        raise NotTrusted(otherwise)
