"""The key of a vote, dealt to n trustees so that any k of them open it.

One secret of 32 random bytes; from it come the key that ballots are sealed to, the key that signs
the tally, and the nonce of the lot. The secret exists on the dealer's machine while it deals and on
the counting machine while it counts, nowhere else. Each share goes to its trustee in a SealedBox;
its hash stands in the deal, so that a trustee knows at once whether the share is the one announced.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey

from coop_trustee import shamir
from coop_trustee.canonical import dumps, from_base64, from_hex, parse, require, to_base64
from coop_trustee.errors import Refused

CEREMONY, DEAL, SHARE = "coop-ceremony/1", "coop-deal/1", "coop-share/1"
SECRET_BYTES = 32


@dataclass(frozen=True)
class VoteKeys:
    """All that the one secret gives."""

    secret: bytes

    @property
    def box(self) -> PrivateKey:
        """Opens the ballots."""
        return PrivateKey(self._part(b"coop sealed vote key v1"))

    @property
    def tally_seed(self) -> bytes:
        """Signs the tally."""
        return self._part(b"coop sealed tally key v1")

    @property
    def nonce(self) -> bytes:
        """What the trustees add to the seed of the lot, told with the tally."""
        return self._part(b"coop sealed lot nonce v1")

    def public(self) -> dict[str, str]:
        """What a deal says of the secret: two public keys, and the hash of the nonce."""
        return {
            "public_key": bytes(self.box.public_key).hex(),
            "tally_key": bytes(SigningKey(self.tally_seed).verify_key).hex(),
            "lot_commitment": sha256(self.nonce).hexdigest(),
        }

    def _part(self, label: bytes) -> bytes:
        return sha256(label + b"\x00" + self.secret).digest()


@dataclass(frozen=True)
class Share:
    """One share: which vote and key it is of, its number and its bytes."""

    proposal: int
    public_key: str
    x: int
    share: bytes

    @property
    def sha256(self) -> str:
        """What the deal announces of it."""
        return sha256(b"coop sealed share v1\x00" + bytes([self.x]) + self.share).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The content of a share's file, and of the box that it is dealt in."""
        return {
            "format": SHARE,
            "proposal": self.proposal,
            "public_key": self.public_key,
            "x": self.x,
            "share": self.share.hex(),
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The share that `as_json` wrote; raises Refused."""
        require(value, {"proposal": int, "public_key": str, "x": int, "share": str})
        if value.get("format") != SHARE or not 1 <= value["x"] <= shamir.MOST:
            raise Refused("it is no share")
        share = from_hex(value["share"], SECRET_BYTES)
        return cls(value["proposal"], value["public_key"], value["x"], share)


def deal(ceremony: dict[str, Any]) -> dict[str, Any]:
    """A new secret, dealt to the trustees of a ceremony; raises Refused. The secret is let go."""
    trustees = read_ceremony(ceremony)
    threshold = ceremony["threshold"]
    keys = VoteKeys(secrets.token_bytes(SECRET_BYTES))
    public = keys.public()
    shares = shamir.split(keys.secret, threshold, len(trustees))
    dealt = [
        _dealt(trustee, Share(ceremony["proposal"], public["public_key"], x, shares[x]))
        for x, trustee in enumerate(trustees, start=1)
    ]
    return {
        "format": DEAL,
        "proposal": ceremony["proposal"],
        "threshold": threshold,
        **public,
        "trustees": dealt,
    }


def read_ceremony(value: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The trustees that a site's file names; raises Refused."""
    require(value, {"proposal": int, "threshold": int, "trustees": list})
    trustees = [
        require(each, {"member": int, "label": str, "public_key": str})
        for each in value["trustees"]
    ]
    keys = {from_hex(each["public_key"], SECRET_BYTES) for each in trustees}
    if not 1 <= value["threshold"] <= len(trustees) <= shamir.MOST or len(keys) != len(trustees):
        raise Refused("a ceremony has n different keys and a threshold from 1 to n")
    return trustees


def read_deal(value: Any) -> dict[str, Any]:
    """A deal, if it has the form of one; raises Refused."""
    require(value, {"proposal": int, "threshold": int, "public_key": str, "tally_key": str,
                    "lot_commitment": str, "trustees": list})  # fmt: skip
    for name in ("public_key", "tally_key", "lot_commitment"):
        from_hex(value[name], SECRET_BYTES)
    for x, each in enumerate(value["trustees"], start=1):
        require(each, {"public_key": str, "share": str, "share_sha256": str, "x": int})
        if each["x"] != x:
            raise Refused("the shares of a deal are numbered 1, 2, 3 …")
    if value.get("format") != DEAL or not 1 <= value["threshold"] <= len(value["trustees"]):
        raise Refused("it is no deal")
    return require(value, {})


def open_share(value: dict[str, Any], pair: PrivateKey) -> Share:
    """The share that a deal holds for this key; raises Refused where it is not as announced."""
    mine = bytes(pair.public_key).hex()
    found = [each for each in read_deal(value)["trustees"] if each["public_key"] == mine]
    if len(found) != 1:
        raise Refused("the deal holds no share for this key")
    try:
        inside = SealedBox(pair).decrypt(from_base64(found[0]["share"]))
    except CryptoError:
        raise Refused("the share cannot be opened: refuse this deal") from None
    share = Share.from_json(parse(inside))
    expected = (value["proposal"], value["public_key"], found[0]["x"], found[0]["share_sha256"])
    if (share.proposal, share.public_key, share.x, share.sha256) != expected:
        raise Refused("the share is not the one that the deal announces: refuse this deal")
    return share


def vote_keys(value: dict[str, Any], shares: Sequence[Share]) -> VoteKeys:
    """The secret of a deal from at least k of its shares; raises Refused."""
    read_deal(value)
    given = {share.x: share.share for share in shares if _belongs(value, share)}
    if len(given) < value["threshold"]:
        raise Refused(
            f"{len(given)} different shares of this vote were given,"
            f" and it takes {value['threshold']}"
        )
    keys = VoteKeys(shamir.combine(_first(given, value["threshold"])))
    if any(value[name] != said for name, said in keys.public().items()):
        raise Refused("the shares give another key than the deal announces: the dealer erred")
    return keys


def _belongs(value: dict[str, Any], share: Share) -> bool:
    announced = {each["x"]: each["share_sha256"] for each in value["trustees"]}
    if announced.get(share.x) != share.sha256:
        raise Refused(f"share {share.x} is not one of this deal, or was changed")
    return True


def _first(given: Mapping[int, bytes], number: int) -> dict[int, bytes]:
    return {x: given[x] for x in sorted(given)[:number]}


def _dealt(trustee: dict[str, Any], share: Share) -> dict[str, Any]:
    box = SealedBox(PublicKey(bytes.fromhex(trustee["public_key"])))
    return {
        "member": trustee["member"],
        "label": trustee["label"],
        "public_key": trustee["public_key"],
        "x": share.x,
        "share": to_base64(bytes(box.encrypt(dumps(share.as_json())))),
        "share_sha256": share.sha256,
    }
