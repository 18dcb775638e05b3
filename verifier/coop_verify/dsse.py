"""Signed envelopes of nodes and of the site: secure-systems-lab/dsse 1.0.2 with Ed25519."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from coop_verify.canonical import from_base64, require
from coop_verify.errors import Malformed
from coop_verify.note import Key

MOST_SIGNATURES = 4


def kind(name: str) -> str:
    """The payloadType of a kind of document."""
    return f"application/vnd.coop.{name}+json;v=1"


@dataclass(frozen=True)
class Signed:
    """What was signed, as what, and the signatures; being one says nothing of being true."""

    kind: str
    payload: bytes
    signatures: tuple[bytes, ...]

    @classmethod
    def read(cls, value: Any) -> Self:
        """An envelope from its JSON form; raises Malformed."""
        if not isinstance(value, dict) or set(value) != {"payloadType", "payload", "signatures"}:
            raise Malformed("an envelope has payloadType, payload and signatures")
        made = require(value, "signatures", list)
        if not 1 <= len(made) <= MOST_SIGNATURES or not all(isinstance(s, dict) for s in made):
            raise Malformed("an envelope has one to four signatures")
        return cls(
            require(value, "payloadType", str),
            from_base64(require(value, "payload", str)),
            tuple(from_base64(require(item, "sig", str)) for item in made),
        )

    @property
    def message(self) -> bytes:
        """What the signatures are over."""
        name = self.kind.encode()
        return b"DSSEv1 %d %s %d %s" % (len(name), name, len(self.payload), self.payload)

    @property
    def chain(self) -> str:
        """The link of a node's chain."""
        return sha256(self.message).hexdigest()

    def is_by(self, key: Key, wanted: str) -> bool:
        """Whether this key signed it, and as the kind that is wanted here."""
        return self.kind == wanted and any(key.signed(self.message, s) for s in self.signatures)


def genesis(node: str, epoch: int, public: bytes) -> str:
    """What the first batch of an epoch names as the one before it."""
    return sha256(b"coop-usage-chain-v1\n%s\n%d\n%s" % (node.encode(), epoch, public)).hexdigest()
