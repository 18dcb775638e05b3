"""What makes a vote checkable by anyone: hashes of rolls and ballots, and the chain of the board.

Pure functions over bytes. Leaves and nodes are those of `signing.merkle`, so that inclusion and
consistency proofs can be given over the same leaves. The chain's link is
SHA-256("coop board v1" || link before || leaf), from 32 zero bytes on. All hashes are hex.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from signing import merkle, strict_json
from signing.dsse import payload_type

BALLOT = payload_type("ballot")
RECEIPT = payload_type("ballot-receipt")
CERTIFICATE = payload_type("certificate")
FIRST_LINK = "00" * 32
DEEPEST = 10
"""A notice holds options, each with what it would book: deeper than what is signed."""
_LINK = b"coop board v1"


def document_hash(document: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a document."""
    return hashlib.sha256(strict_json.dumps(document, max_depth=DEEPEST)).hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 over a text; "" for no text."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def leaf_hash(content: bytes) -> str:
    """The Merkle leaf over what is entered."""
    return merkle.leaf_hash(content).hex()


def next_link(link: str, leaf: str) -> str:
    """The chain's head after this leaf."""
    return hashlib.sha256(_LINK + bytes.fromhex(link) + bytes.fromhex(leaf)).hexdigest()


def chain_head(leaves: Iterable[str]) -> str:
    """The head of a board with these leaves, in order."""
    head = FIRST_LINK
    for leaf in leaves:
        head = next_link(head, leaf)
    return head


def merkle_root(leaves: Sequence[str]) -> str:
    """The Merkle tree hash over leaves, in order; SHA-256 of nothing for none."""
    return merkle.root(map(bytes.fromhex, leaves)).hex()


def summary(leaves: Sequence[str]) -> dict[str, Any]:
    """What a certificate says of a board: its size, the chain's head, the Merkle root."""
    return {"size": len(leaves), "head": chain_head(leaves), "root": merkle_root(leaves)}


def roll_document(proposal: int, chamber: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a leaf of a roll is over: no name, only the pseudonym that this roll gave."""
    return {
        "proposal": proposal,
        "chamber": chamber,
        "position": row["position"],
        "voter": row["voter"],
        "weight": row["weight"],
    }


def roll_leaf(document: Mapping[str, Any]) -> str:
    """The leaf of one row of a roll."""
    return leaf_hash(strict_json.dumps(document))
