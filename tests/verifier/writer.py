"""A second, plain writer of bundles: what the tests of the auditor's program are held against.

It shares no code with the site or with the program. Hashes are by the recursion of RFC 6962.
"""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

ORIGIN = "valley.example/books"
START = datetime(2026, 1, 31, 23, 0, tzinfo=UTC)
TITLE_TYPE = "application/vnd.coop.title+json;v=1"
KEY = SigningKey(hashlib.sha256(b"the cooperative's key of the tests").digest())


def spelled(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hashed(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def merkle(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:half]) + merkle(leaves[half:])).digest()


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) <= 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*inclusion(index, leaves[:half]), merkle(leaves[half:])]
    return [*inclusion(index - half, leaves[half:]), merkle(leaves[:half])]


def consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    if old in (0, len(leaves)):
        return [] if whole or old == 0 else [merkle(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return [*consistency(old, leaves[:half], whole=whole), merkle(leaves[half:])]
    return [*consistency(old - half, leaves[half:], whole=False), merkle(leaves[:half])]


def checkpoint(leaves: list[bytes], *, key: SigningKey = KEY, origin: str = ORIGIN) -> bytes:
    text = f"{origin}\n{len(leaves)}\n{base64.b64encode(merkle(leaves)).decode()}\n".encode()
    return text + b"\n" + signature_line(text, key, origin)


def signature_line(text: bytes, key: SigningKey, name: str) -> bytes:
    public = bytes(key.verify_key)
    hint = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    made = base64.b64encode(hint + key.sign(text).signature).decode()
    return f"— {name} {made}\n".encode()


def note_key(key: SigningKey = KEY, name: str = ORIGIN) -> str:
    public = b"\x01" + bytes(key.verify_key)
    hint = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
    return f"{name}+{hint}+{base64.b64encode(public).decode()}"


def envelope(facts: dict[str, Any], key: SigningKey = KEY) -> bytes:
    payload, kind = spelled(facts), TITLE_TYPE.encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    signed = {"keyid": "a hint", "sig": base64.b64encode(key.sign(message).signature).decode()}
    body = base64.b64encode(payload).decode()
    return spelled({"payloadType": TITLE_TYPE, "payload": body, "signatures": [signed]})


@dataclass
class Record:
    """A transaction or a document, with the bytes of its leaf and of what belongs to it."""

    leaf: dict[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)
    details: bytes = b""


class Writer:
    """Books in memory; `write` makes a bundle of them."""

    def __init__(self) -> None:
        self.now = START
        self.accounts: dict[int, dict[str, Any]] = {}
        self.records: list[Record] = []
        self.titles: list[dict[str, Any]] = []
        self.carried: list[bytes] = []
        self.cut: dict[str, Any] | None = None

    def time(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def tick(self, **step: int) -> None:
        self.now += timedelta(**(step or {"seconds": 1}))

    def open(self, code: str, kind: str, owner: str = "", floor: int | None = None) -> int:
        number = len(self.accounts) + 1
        salt = str(uuid.uuid5(uuid.NAMESPACE_OID, f"account {number}"))
        sort = {"unit": ("unit", 0), "token": ("token", 3)}.get(code.split(":")[0], ("money", 2))
        opens = {
            "commodity": code, "commodity_kind": sort[0], "exponent": sort[1], "floor": floor,
            "kind": kind, "opened_at": self.time(),
            "owner": hashed(spelled({"owner": owner, "salt": salt})),
        }  # fmt: skip
        self.accounts[number] = {
            "opens": opens, "owner": owner, "salt": salt, "amount": 0, "version": 0,
        }  # fmt: skip
        return number

    def post(self, kind: str, moves: dict[int, int], *, reverses: int | None = None) -> int:
        """One transaction; returns its id."""
        number = 100 + len(self.records)
        entries = [self._entry(account, amount) for account, amount in sorted(moves.items())]
        details = spelled(
            {
                "about": f"thing:{number}", "actor": "user/1", "body_hash": "ab" * 32,
                "key": f"k{number}", "memo": "für „alle“\n", "source": "tests",
                "salt": str(uuid.uuid5(uuid.NAMESPACE_OID, f"transaction {number}")),
            }
        )  # fmt: skip
        leaf = {
            "details": hashed(details), "effective_at": self.time(), "id": number, "kind": kind,
            "entries": {
                "count": len(entries), "root": merkle([spelled(e) for e in entries]).hex(),
            },
            "recorded_at": self.time(), "reverses": reverses, "type": "transaction", "v": 1,
        }  # fmt: skip
        self.records.append(Record(leaf, entries, details))
        self.tick()
        return number

    def _entry(self, number: int, amount: int) -> dict[str, Any]:
        account = self.accounts[number]
        account["amount"] += amount
        account["version"] += 1
        facts = {"account": number, "amount": amount, "balance": account["amount"]}
        opens = {"opens": account["opens"]} if account["version"] == 1 else {}
        return {**facts, **opens, "version": account["version"]}

    def reverse(self, number: int) -> int:
        record = next(r for r in self.records if r.leaf["id"] == number)
        moves = {entry["account"]: -entry["amount"] for entry in record.entries}
        return self.post(f"reversal of {record.leaf['kind']}", moves, reverses=number)

    def document(self, kind: str, digest: str) -> int:
        """One document; returns its place in the log."""
        place = len(self.records)
        leaf = {"digest": digest, "id": place, "kind": kind, "recorded_at": self.time()}
        self.records.append(Record({**leaf, "type": "document", "v": 1}))
        self.tick()
        return place

    def title(self, pool: str, units: int, holder: int, *, state: str = "live") -> None:
        number = len(self.titles) + 1
        salt = hashlib.sha256(b"title %d" % number).digest()[:16]
        raw = envelope({"number": number, "pool": {"code": pool}, "units": units, "v": 1})
        digest = hashed(b"coop title document v1\0" + salt + hashlib.sha256(raw).digest())
        self.titles.append(
            {
                "number": number, "pool": pool, "units": units, "state": state, "digest": digest,
                "holder_account": holder, "salt": salt.hex(),
                "envelope": base64.b64encode(raw).decode(),
            }
        )  # fmt: skip
        self.document("title", digest)

    def detach(self, through: str) -> None:
        """Carry what accounts hold now; to be called when `through` is past."""
        self.carried = [
            spelled({"account": n, "amount": a["amount"], "version": a["version"]})
            for n, a in self.accounts.items()
            if a["version"]
        ]
        place = self.document("balances", merkle(self.carried).hex())
        self.cut = {"through": through, "leaf": place}

    def leaves(self) -> list[bytes]:
        return [spelled(record.leaf) for record in self.records]

    def write(self, folder: Path, kind: str = "public", sealed: int | None = None) -> Path:
        """A bundle whose first `sealed` records are in the log, the others pending."""
        sealed = len(self.records) if sealed is None else sealed
        folder.mkdir()
        names_people = kind == "members"
        done, rest = self.records[:sealed], self.records[sealed:]
        here = [record for record in done if not self._is_detached(record)]
        lines = {
            "leaves": [spelled(record.leaf) for record in done],
            "entries": [spelled(entry) for record in here for entry in record.entries],
            "accounts": [self._account(n, names_people, [*here, *rest]) for n in self.accounts],
            "pending": [spelled({"leaf": r.leaf, "entries": r.entries}) for r in rest],
            "titles": [self._title(title, names_people) for title in self.titles],
        }
        if names_people:
            lines["details"] = [record.details for record in done if record.details]
        if self.cut:
            lines["carried"] = self.carried
        for name, found in lines.items():
            (folder / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in found))
        (folder / "checkpoint").write_bytes(checkpoint(lines["leaves"]))
        manifest = {
            "format": "coop-books/1", "kind": kind, "cooperative": "Valley eG", "origin": ORIGIN,
            "public_key": bytes(KEY.verify_key).hex(), "exported_at": self.time(),
            "size": len(done), "carried": self.cut,
        }  # fmt: skip
        list_files(folder, manifest)
        return folder

    def _is_detached(self, record: Record) -> bool:
        is_early = self.cut is not None and record.leaf["recorded_at"] < self.cut["through"]
        return is_early and record.leaf["type"] == "transaction"

    def _account(self, number: int, names_people: bool, here: list[Record]) -> bytes:
        account = self.accounts[number]
        opened = {e["account"] for record in here for e in record.entries if e["version"] == 1}
        is_person = "member/" in account["owner"]
        facts = {
            "account": number, "amount": account["amount"], "version": account["version"],
            "floor": account["opens"]["floor"], "holder": "holder 3fa9" if is_person else "",
        }  # fmt: skip
        if number not in opened:
            facts["opens"] = account["opens"]
        if names_people or not is_person:
            facts |= {"owner": account["owner"], "salt": account["salt"]}
        return spelled(facts)

    def _title(self, title: dict[str, Any], names_people: bool) -> bytes:
        public = ("number", "pool", "units", "state", "digest")
        return spelled({k: v for k, v in title.items() if names_people or k in public})


def list_files(folder: Path, manifest: dict[str, Any] | None = None) -> None:
    """Write the manifest anew, so that hashes and counts are right whatever was done."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) if manifest is None else manifest
    files = {}
    for found in sorted(folder.glob("*.ndjson")):
        raw = found.read_bytes()
        files[found.name] = {"lines": raw.count(b"\n"), "sha256": hashed(raw)}
    path.write_text(json.dumps({**manifest, "files": files}, indent=1))


def valley() -> Writer:
    """Books with something of every kind in them."""
    books = Writer()
    cash = books.open("EUR", "cash:operating", "pool/backbone", 0)
    capital = books.open("EUR", "capital", "backbone/member/1")
    created = books.open("unit:backbone", "created")
    treasury = books.open("unit:backbone", "treasury", "pool/backbone", 0)
    first = books.open("unit:backbone", "holding", "member/1", 0)
    second = books.open("unit:backbone", "holding", "member/2", 0)
    books.open("EUR", "expense", "backbone/bandwidth")
    books.post("units created", {created: -100, treasury: 100})
    books.post("units bought", {cash: 3000, capital: -3000, treasury: -30, first: 30})
    books.title("backbone", 30, first)
    wrong = books.post("units bought", {cash: 500, capital: -500, treasury: -5, second: 5})
    books.title("backbone", 5, second, state="cancelled")
    books.reverse(wrong)
    books.post("units bought", {cash: 700, capital: -700, treasury: -7, second: 7})
    books.title("backbone", 7, second)
    books.document("certificate", "cd" * 32)
    _tokens(books)
    return books


def _tokens(books: Writer) -> None:
    code = "token:backbone:bandwidth:2026-01"
    issue, unbacked = books.open(code, "issue"), books.open(code, "unbacked")
    own = books.open(code, "own", "1", 0)
    redeemed = books.open(code, "redeemed", "1", 0)
    overage = books.open(code, "overage", "1", 0)
    books.post("issue", {issue: -1000, own: 1000})
    books.post("usage", {own: -400, redeemed: 400})
    books.post("usage", {own: -600, redeemed: 600, unbacked: -50, overage: 50})
