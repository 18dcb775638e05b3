"""Titles: their numbers, their place in the log, the units they add up to, their signatures."""

from hashlib import sha256
from typing import Any

from coop_verify.bundle import Bundle
from coop_verify.canonical import Types, from_base64, from_hex, loads, parse, require, shaped
from coop_verify.errors import Malformed
from coop_verify.note import Key
from coop_verify.replay import Books
from coop_verify.report import Report

PAYLOAD_TYPE = "application/vnd.coop.title+json;v=1"
DIGEST_DOMAIN = b"coop title document v1\0"
SALT_BYTES = 16
MAX_SIGNATURES = 4
STATES = ("live", "transferred", "cancelled")
_PUBLIC: dict[str, Types] = {"number": int, "pool": str, "units": int, "state": str}
_VOID: dict[str, Types] = {"number": int, "void": str}
_DIGEST: dict[str, Types] = {"digest": str}
_MEMBERS: dict[str, Types] = {"holder_account": int, "envelope": str, "salt": str}


class Titles:
    """Goes through titles.ndjson. `sealed` are the digests of the log's title documents."""

    def __init__(
        self, report: Report, books: Books, sealed: set[bytes], key: Key, *, names_people: bool
    ) -> None:
        self.report = report
        self.books = books
        self.open = set(sealed)
        self.key = key
        self.names_people = names_people
        self.without_digest = 0
        self.voids = 0
        self.by_pool: dict[str, int] = {}
        self.by_account: dict[int, int] = {}

    def check(self, bundle: Bundle) -> None:
        """Look at all titles and what they add up to."""
        place = 0
        for place, line in enumerate(bundle.lines("titles"), 1):
            try:
                self._line(place, loads(line))
            except Malformed as error:
                self.report.broken("titles", f"line {place} of titles.ndjson: {error}")
        self._all_listed(place - self.voids)
        self._sums()

    def _line(self, place: int, value: Any) -> None:
        """A title, or a number that no title bears, with the reason."""
        if isinstance(value, dict) and "void" in value:
            number = shaped(value, _VOID)["number"]
            self.voids += 1
            self._is_in_place(place, number)
        else:
            self._title(place, self._shaped(value))

    def _is_in_place(self, place: int, number: int) -> None:
        if number != place:
            self.report.broken("titles", f"place {place} has title {number}")

    def _shaped(self, value: Any) -> dict[str, Any]:
        has_digest = self.names_people or (isinstance(value, dict) and "digest" in value)
        keys = {
            **_PUBLIC,
            **(_DIGEST if has_digest else {}),
            **(_MEMBERS if self.names_people else {}),
        }
        title = shaped(value, keys)
        if title["state"] not in STATES or title["units"] < 1:
            raise Malformed("a title is live, transferred or cancelled, over at least one unit")
        return title

    def _title(self, place: int, title: dict[str, Any]) -> None:
        self._is_in_place(place, title["number"])
        if "digest" in title:
            self._is_sealed(title["number"], from_hex(title["digest"], 32))
        else:
            self.without_digest += 1
        if self.names_people:
            self._is_certified(title)
        if title["state"] == "live":
            self._count(title)

    def _is_sealed(self, number: int, digest: bytes) -> None:
        if digest not in self.open:
            self.report.broken("titles", f"title {number} is not in the log, or is listed twice")
        self.open.discard(digest)

    def _all_listed(self, count: int) -> None:
        if self.without_digest not in (0, count):
            self.report.broken("titles", "some titles have a digest and others have none")
        elif len(self.open) != self.without_digest:
            self.report.broken(
                "titles",
                f"the log has {len(self.open)} titles more than those found in the list, which"
                f" has {self.without_digest} without a digest",
            )

    def _count(self, title: dict[str, Any]) -> None:
        units, pool = title["units"], title["pool"]
        self.by_pool[pool] = self.by_pool.get(pool, 0) + units
        if self.names_people:
            self._count_for(title["holder_account"], pool, units)

    def _count_for(self, number: int, pool: str, units: int) -> None:
        self.by_account[number] = self.by_account.get(number, 0) + units
        account = self.books.accounts.get(number)
        opens = account.opens if account else None
        if opens is None or (opens.kind, opens.commodity) != ("holding", f"unit:{pool}"):
            self.report.broken("shares", f"account {number} holds no units of {pool}")

    def _sums(self) -> None:
        held: dict[str, int] = {}
        for number, account in self.books.accounts.items():
            if account.opens and account.opens.kind == "holding":
                pool = account.opens.commodity.removeprefix("unit:")
                held[pool] = held.get(pool, 0) + account.amount
                self._same(f"account {number}", self.by_account.get(number, 0), account.amount)
        for pool in sorted(held.keys() | self.by_pool.keys()):
            titled = self.by_pool.get(pool, 0)
            if titled != held.get(pool, 0):
                self._differ(f"pool {pool}", titled, held.get(pool, 0))

    def _same(self, where: str, titled: int, held: int) -> None:
        if self.names_people and titled != held:
            self._differ(where, titled, held)

    def _differ(self, where: str, titled: int, held: int) -> None:
        self.report.broken("shares", f"{where}: live titles say {titled}, the books hold {held}")

    def _is_certified(self, title: dict[str, Any]) -> None:
        number = title["number"]
        try:
            envelope, salt = from_base64(title["envelope"]), from_hex(title["salt"], SALT_BYTES)
            says = _signed_facts(envelope, self.key)
        except Malformed as error:
            self.report.broken("certificates", f"title {number}: {error}")
            return
        if sha256(DIGEST_DOMAIN + salt + sha256(envelope).digest()).hexdigest() != title["digest"]:
            self.report.broken(
                "certificates", f"title {number} has another digest than its document"
            )
        listed = number, title["pool"], title["units"]
        if says != listed:
            self.report.broken("certificates", f"title {number} says {says}, the list {listed}")


def _signed_facts(envelope: bytes, key: Key) -> tuple[int, str, int]:
    """Number, pool and units of a title, if the key signed it (DSSE); raises Malformed."""
    value = shaped(parse(envelope), {"payloadType": str, "payload": str, "signatures": list})
    payload = from_base64(value["payload"])
    if value["payloadType"] != PAYLOAD_TYPE or len(value["signatures"]) > MAX_SIGNATURES:
        raise Malformed("its document is no title")
    kind = PAYLOAD_TYPE.encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    if not any(key.signed(message, _signature(item)) for item in value["signatures"]):
        raise Malformed("its document is not signed by the key")
    facts = parse(payload)
    if not isinstance(facts, dict):
        raise Malformed("its document says nothing")
    pool = require(facts, "pool", dict)
    return require(facts, "number", int), require(pool, "code", str), require(facts, "units", int)


def _signature(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise Malformed("a signature of its document is none")
    return from_base64(require(value, "sig", str))
