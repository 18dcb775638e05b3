"""A small real HTTP server that stands for the site in the agent's tests.

It follows docs/metering-protocol.md over real sockets, keeps envelopes in memory, and reads and
signs with `signing`, which is written apart from the agent: what passes here agrees on the wire.
The agent against the real site is tested under tests/metering.
"""

import base64
import contextlib
import gzip
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nacl.signing import SigningKey

from signing import dsse, strict_json

NODE = "0192f3a4-0000-7000-8000-000000000001"
SEED = bytes(range(32, 64))
BATCH = dsse.payload_type("usage-batch")
INVENTORY = dsse.payload_type("meter-inventory")
ROTATE = dsse.payload_type("rotate")

Reply = tuple[int, dict[str, Any], dict[str, str]]
Trick = Callable[[list[dsse.Envelope]], Reply | None]


def problem(status: int, code: str, **more: Any) -> Reply:
    return status, {"status": status, "code": code, "title": code, **more}, {}


@dataclass
class Stored:
    envelope: dsse.Envelope
    body: dict[str, Any]
    receipt: dict[str, Any]


@dataclass
class Site:
    """What the server knows. Each trick answers one request in the server's place, or lets pass.

    `batches` are those of the first epoch, `later` those of the others by epoch; `signed` is served
    at its addresses as it is.
    """

    config: dict[str, Any] = field(
        default_factory=lambda: {"etag": "a", "sample_s": 1, "record_s": 1, "seal_s": 1}
    )
    claimed: bool = True
    poll_code: str = "authorization_pending"
    public: bytes = b""
    hostname: str = ""
    batches: dict[int, Stored] = field(default_factory=dict)
    inventories: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: list[list[int | None]] = field(default_factory=list)
    tricks: list[Trick] = field(default_factory=list)
    seed: bytes = SEED
    next_seq: int | None = None
    next_receipt: dict[str, Any] | None = None
    config_seed: bytes = SEED
    allowances: dict[str, Any] | None = None
    allowances_seed: bytes = SEED
    publics: dict[int, bytes] = field(default_factory=dict)
    later: dict[int, dict[int, Stored]] = field(default_factory=dict)
    rotations: list[dict[str, Any]] = field(default_factory=list)
    rotation_status: str = "accepted"
    promised: str = ""
    signed: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receipt(self, seq: int, chain: str, epoch: int = 1) -> dict[str, Any]:
        payload = strict_json.dumps(
            {
                "v": 1,
                "node": NODE,
                "epoch": epoch,
                "seq": seq,
                "chain": chain,
                "received_at": "2026-11-22T12:00:00Z",
                "status": "accepted",
                "via": "direct",
                "server": dsse.keyid(SigningKey(self.seed).verify_key.encode()),
                "checkpoint": {"size": 0, "root": ""},
            }
        )
        return dsse.sign(self.seed, dsse.payload_type("receipt"), payload).as_dict()

    def following(self) -> int:
        """The first number missing in the stored chain of the newest epoch."""
        seq, batches = 1, self.kept(max(self.publics, default=1))
        while seq in batches:
            seq += 1
        return seq

    def kept(self, epoch: int) -> dict[int, Stored]:
        """The batches of an epoch."""
        return self.batches if epoch == 1 else self.later.setdefault(epoch, {})

    def sign(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A document that the site signs."""
        raw = strict_json.dumps(payload)
        return dsse.sign(self.seed, dsse.payload_type(name), raw).as_dict()

    def answer(self, path: str, body: bytes | None) -> Reply:
        with self.lock:
            if path == "/api/v1/agent/enrol":
                return self._enrol(body or b"")
            if path == "/api/v1/agent/enrol/poll":
                return self._poll(body or b"")
            if path == "/api/v1/agent/envelopes":
                return self._envelopes(body or b"")
            if path == "/api/v1/agent/allowances" and self.allowances is not None:
                return self._allowances(body or b"")
            if path == f"/api/v1/agent/config/{NODE}":
                return 200, self._config(), {}
            if path in self.signed:
                return 200, self.signed[path], {}
        return problem(404, "not_found")

    def _enrol(self, body: bytes) -> Reply:
        envelope = dsse.Envelope.from_json(body)
        asked = strict_json.loads(envelope.payload)
        self.public = bytes.fromhex(asked["pub"])
        dsse.verify(envelope, self.public, dsse.payload_type("enrol"))
        assert set(asked) <= {"v", "pub", "next", "hostname", "serials", "agent", "sent"}
        assert len(bytes.fromhex(asked["next"])) == 32
        self.hostname, self.promised = asked["hostname"], asked["next"]
        self.publics = {1: self.public}
        code = {"device_code": "device", "user_code": "BCDF-GHJK"}
        return 200, {**code, "expires_in": 900, "interval": 1}, {}

    def _poll(self, body: bytes) -> Reply:
        assert strict_json.loads(body) == {"device_code": "device"}
        if not self.claimed:
            return problem(400, self.poll_code)
        payload = strict_json.dumps(
            {
                "v": 1,
                "node": NODE,
                "epoch": 1,
                "pub": self.public.hex(),
                "server_keys": [bytes(SigningKey(self.seed).verify_key).hex()],
                "config": self.config,
            }
        )
        return 200, dsse.sign(self.seed, dsse.payload_type("enrolled"), payload).as_dict(), {}

    def _config(self) -> dict[str, Any]:
        payload = strict_json.dumps(
            {"v": 1, "node": NODE, "issued_at": "2026-11-22T12:00:00Z", "config": self.config}
        )
        return dsse.sign(self.config_seed, dsse.payload_type("config"), payload).as_dict()

    def _allowances(self, body: bytes) -> Reply:
        """What was laid out, to whoever signs the question with the node's key."""
        envelope = dsse.Envelope.from_json(body)
        kind = dsse.payload_type("allowances-request")
        asked = strict_json.loads(dsse.verify(envelope, self.public, kind))
        assert asked["v"] == 1 and asked["node"] == NODE and set(asked) == {"v", "node", "sent"}
        payload = strict_json.dumps(self.allowances)
        kind = dsse.payload_type("allowances")
        return 200, dsse.sign(self.allowances_seed, kind, payload).as_dict(), {}

    def _envelopes(self, body: bytes) -> Reply:
        envelopes = [dsse.Envelope.from_dict(e) for e in strict_json.loads(body)["envelopes"]]
        assert 1 <= len(envelopes) <= 32
        self.offers.append([strict_json.loads(e.payload).get("seq") for e in envelopes])
        trick = self.tricks.pop(0) if self.tricks else None
        reply = trick(envelopes) if trick else None
        return reply if reply else self.accepted(envelopes)

    def accepted(self, envelopes: list[dsse.Envelope]) -> Reply:
        results = [self._store(envelope) for envelope in envelopes]
        seq = self.following() if self.next_seq is None else self.next_seq
        return (
            200,
            {
                "time": "2026-11-22T12:00:00Z",
                "results": results,
                "next": {"epoch": max(self.publics, default=1), "seq": seq},
                "next_receipt": self.next_receipt,
                "poll_s": 900,
                "config": self.config["etag"],
            },
            {},
        )

    def _store(self, envelope: dsse.Envelope) -> dict[str, Any]:
        if envelope.payload_type == INVENTORY:
            return self._store_inventory(envelope)
        if envelope.payload_type == ROTATE:
            return self._rotate(envelope)
        said = strict_json.loads(envelope.payload)
        seq, epoch = said["seq"], said["epoch"]
        if epoch not in self.publics:
            return self.result(seq, envelope.digest, "rejected", None, "unknown_key", epoch)
        body = strict_json.loads(dsse.verify(envelope, self.publics[epoch], BATCH))
        batches = self.kept(epoch)
        known = batches.get(seq)
        if known is not None and known.envelope.digest != envelope.digest:
            return self.result(seq, envelope.digest, "conflict", known.receipt, "", epoch)
        if known is None:
            receipt = self.receipt(seq, envelope.digest, epoch)
            batches[seq] = Stored(envelope, body, receipt)
        if any(n not in batches for n in range(1, seq)):
            return self.result(seq, envelope.digest, "pending_gap", None, "", epoch)
        status = "accepted" if known is None else "duplicate"
        return self.result(seq, envelope.digest, status, batches[seq].receipt, "", epoch)

    def _rotate(self, envelope: dsse.Envelope) -> dict[str, Any]:
        """Take the promised key; at once where the old one signed too, else as people decide."""
        said = strict_json.loads(envelope.payload)
        new = bytes.fromhex(said["pub"])
        old = self.publics[said["epoch"]]
        dsse.verify(envelope, new, ROTATE)
        status = "accepted" if len(envelope.signatures) == 2 else self.rotation_status
        if len(envelope.signatures) == 2:
            dsse.verify(envelope, old, ROTATE)
        if said["epoch"] + 1 in self.publics:
            status = "accepted" if self.publics[said["epoch"] + 1] == new else "conflict"
        elif hashlib.sha256(new).hexdigest() != self.promised:
            return self.result(None, envelope.digest, "rejected", None, "schema")
        elif status == "accepted":
            self.publics[said["epoch"] + 1], self.promised = new, said["next"]
        if said not in self.rotations:
            self.rotations.append(said)
        return self.result(None, envelope.digest, status, None)

    def _store_inventory(self, envelope: dsse.Envelope) -> dict[str, Any]:
        epoch = strict_json.loads(envelope.payload)["epoch"]
        if epoch not in self.publics:
            return self.result(None, "", "rejected", None, "unknown_key")
        payload = dsse.verify(envelope, self.publics[epoch], INVENTORY)
        sha = hashlib.sha256(payload).hexdigest()
        status = "duplicate" if sha in self.inventories else "accepted"
        self.inventories[sha] = strict_json.loads(payload)
        return self.result(None, sha, status, None)

    def result(
        self,
        seq: int | None,
        chain: str,
        status: str,
        receipt: Any,
        code: str = "",
        epoch: int = 1,
    ) -> dict[str, Any]:
        names = {"node": NODE, "epoch": epoch, "seq": seq, "chain": chain}
        return {**names, "status": status, "code": code, "receipt": receipt}


class RunningSite:
    """The server on a free port of the loopback interface."""

    def __init__(self) -> None:
        self.site = Site()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(running: RunningSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(running.site.answer(self.path, None))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(running.site.answer(self.path, self._decoded(raw)))

        def _decoded(self, raw: bytes) -> bytes:
            assert self.headers["Content-Type"] == "application/json"
            digest = self.headers.get("Content-Digest")
            if digest is not None:
                expected = base64.b64encode(hashlib.sha256(raw).digest()).decode()
                assert digest == f"sha-256=:{expected}:"
            return gzip.decompress(raw) if self.headers.get("Content-Encoding") else raw

        def _reply(self, reply: Reply) -> None:
            status, body, headers = reply
            raw = strict_json.dumps(body)
            self.send_response(status)
            kind = "json" if status == 200 else "problem+json"
            headers = {"Content-Type": f"application/{kind}", **headers}
            for name, value in {**headers, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            # The tests kill nodes that wait for this very answer.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the tests quiet."""

    return Handler
