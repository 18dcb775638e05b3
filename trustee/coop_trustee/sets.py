"""The closed set: notice, deal, roll and board of one vote, as the site hands them over.

Everything is checked before a share is asked for: the hash of the notice and of the deal in it, the
roll against its root, the board against its head, every envelope against the cooperative's key and
the roll, every ciphertext against its envelope. Of each voter the highest counter counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from coop_trustee import dsse
from coop_trustee.ballots import read_paper
from coop_trustee.canonical import digest, dumps, from_base64, from_hex, require
from coop_trustee.deals import read_deal
from coop_trustee.errors import Refused

FORMAT = "coop-sealed-set/1"
FIRST_LINK = bytes(32)
_LINK = b"coop board v1"
_INPUT = b"coop sealed input v1"


@dataclass(frozen=True)
class Entry:
    """One entry of the board: whose, the how-manieth of this voter, what it holds."""

    index: int
    voter: str
    counter: int
    sealed: bytes


@dataclass(frozen=True)
class ClosedSet:
    """A set that was checked. `entries` are those that count, in the order of the board."""

    notice: dict[str, Any]
    notice_sha256: str
    deal: dict[str, Any]
    board: dict[str, Any]
    roll_root: str
    heads: int
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, value: dict[str, Any], key: bytes) -> Self:
        """The set in a file; raises Refused where anything does not hold."""
        notice = read_paper(value)
        require(value, {"deal": dict, "roll": dict, "board": dict, "ballots": list})
        deal = read_deal(value["deal"])
        if notice["sealed"].get("deal_sha256") != digest(deal):
            raise Refused("the deal is not the one that the notice names")
        voters = _voters(notice["proposal"], value["roll"], key)
        entries = _entries(value, key)
        strangers = {entry.voter for entry in entries} - voters
        if strangers:
            raise Refused(f"{len(strangers)} voters on the board are not on the roll")
        counted = _newest(entries)
        root, heads = value["roll"]["root"], len(voters)
        board = _board(value)
        return cls(notice, value["notice_sha256"], deal, board, root, heads, counted)

    @property
    def input_sha256(self) -> str:
        """What names the ciphertexts that count, whatever their order."""
        return input_hash([sha256(entry.sealed).digest() for entry in self.entries])


def input_hash(digests: Sequence[bytes]) -> str:
    """SHA-256 over a label, the number of ciphertexts in 8 bytes and their hashes in order."""
    size = len(digests).to_bytes(8, "big")
    return sha256(_INPUT + size + b"".join(sorted(digests))).hexdigest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The tree hash of RFC 6962 over hashes of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = merkle_root(leaves[:half]), merkle_root(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf of RFC 6962."""
    return sha256(b"\x00" + content).digest()


def _voters(proposal: int, roll: dict[str, Any], key: bytes) -> set[str]:
    require(roll, {"chamber": str, "root": str, "rows": list, "corrections": list})
    rows = [require(row, {"position": int, "voter": str, "weight": int}) for row in roll["rows"]]
    leaves = [_row_leaf(proposal, roll["chamber"], row) for row in rows]
    if merkle_root(leaves) != from_hex(roll["root"], 32):
        raise Refused("the roll does not give its root")
    if any(row["weight"] != 1 for row in rows):
        raise Refused("in a sealed vote every voter weighs one")
    voters = {str(row["voter"]) for row in rows}
    added = {_added(proposal, roll, each, key) for each in roll["corrections"]}
    if len(voters) != len(rows):
        raise Refused("a voter stands twice on the roll")
    return voters | added


def _row_leaf(proposal: int, chamber: str, row: Mapping[str, Any]) -> bytes:
    named = {name: row[name] for name in ("position", "voter", "weight")}
    return leaf_hash(dumps({"proposal": proposal, "chamber": chamber, **named}))


def _added(proposal: int, roll: dict[str, Any], envelope: Any, key: bytes) -> str:
    """The voter whom a signed correction added to the roll (R7)."""
    document = dsse.opened(envelope, key, dsse.CORRECTION)
    expected = (proposal, roll["chamber"], roll["root"], 1)
    named = ("proposal", "chamber", "roll_root", "weight")
    if tuple(document.get(name) for name in named) != expected:
        raise Refused("a correction of the roll is of another roll")
    return str(require(document, {"voter": str})["voter"])


def _entries(value: dict[str, Any], key: bytes) -> list[Entry]:
    entries = []
    for index, each in enumerate(value["ballots"], start=1):
        require(each, {"envelope": dict, "sealed": str})
        document = dsse.opened(each["envelope"], key, dsse.BALLOT)
        sealed = from_base64(each["sealed"])
        require(document, {"voter": str, "index": int, "counter": int, "sealed_sha256": str})
        expected = (value["notice"]["proposal"], value["notice_sha256"], index)
        if (document["proposal"], document["notice_sha256"], document["index"]) != expected:
            raise Refused(f"entry {index} of the board is of another vote or another place")
        if sha256(sealed).hexdigest() != document["sealed_sha256"]:
            raise Refused(f"entry {index} of the board is not over the ciphertext beside it")
        entries.append(Entry(index, document["voter"], document["counter"], sealed))
    return entries


def _board(value: dict[str, Any]) -> dict[str, Any]:
    """Size, head and root of the board, computed from its envelopes; they must be those named."""
    leaves = [leaf_hash(dumps(each["envelope"])) for each in value["ballots"]]
    head = FIRST_LINK
    for leaf in leaves:
        head = sha256(_LINK + head + leaf).digest()
    board = {"size": len(leaves), "head": head.hex(), "root": merkle_root(leaves).hex()}
    if board != value["board"]:
        raise Refused("the board does not give the head that is named")
    return board


def _newest(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    newest: dict[str, Entry] = {}
    for entry in entries:
        last = newest.get(entry.voter)
        if last is not None and last.counter == entry.counter:
            raise Refused(f"entry {entry.index} repeats a counter of its voter")
        if last is None or entry.counter > last.counter:
            newest[entry.voter] = entry
    return tuple(sorted(newest.values(), key=lambda entry: entry.index))
