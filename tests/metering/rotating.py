"""A machine that promises its next key and takes it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from signing import dsse, strict_json
from tests.metering.machine import Machine, genesis, seed, wall

ROTATE = dsse.payload_type("rotate")


def public_of(secret: bytes) -> bytes:
    return bytes(dsse.SigningKey(secret).verify_key)


def digest_of(secret: bytes) -> str:
    """What a node promises of a key."""
    return hashlib.sha256(public_of(secret)).hexdigest()


@dataclass
class Rotating(Machine):
    """`after` is the seed of the promised key, `later` that of the one after it."""

    after: bytes = field(default_factory=seed)
    later: bytes = field(default_factory=seed)
    epoch: int = 1

    def request(self, **changes: Any) -> dsse.Envelope:
        return super().request(**{"next": digest_of(self.after)} | changes)

    def inventory(self, **changes: Any) -> dsse.Envelope:
        return super().inventory(**{"epoch": self.epoch} | changes)

    def body(self, *records: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return super().body(*records, **{"epoch": self.epoch} | changes)

    def wish(self, **changes: Any) -> dict[str, Any]:
        """What the rotation from here says."""
        return {
            "v": 1,
            "node": str(self.row.uuid),
            "epoch": self.epoch,
            "last": self.seq,
            "chain": self.chain,
            "pub": public_of(self.after).hex(),
            "next": digest_of(self.later),
            "sent": wall(self.clock),
        } | changes

    def rotation(self, *signers: bytes, **changes: Any) -> dsse.Envelope:
        """The rotation from here, signed by both keys, or by just these."""
        payload = strict_json.dumps(self.wish(**changes))
        signed = [dsse.sign(s, ROTATE, payload) for s in signers or (self.seed, self.after)]
        return dsse.Envelope(ROTATE, payload, tuple(e.signatures[0] for e in signed))

    def rotated(self) -> "Rotating":
        """The same machine, signing with its next key from a new genesis."""
        self.seed, self.after, self.later = self.after, self.later, seed()
        self.epoch, self.seq = self.epoch + 1, 0
        self.chain = genesis(str(self.row.uuid), self.epoch, self.public)
        return self
