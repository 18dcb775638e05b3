"""A title as a verifiable credential: W3C VC Data Model 2.0 with an eddsa-jcs-2022 proof.

https://www.w3.org/TR/vc-data-model-2.0/ and https://www.w3.org/TR/vc-di-eddsa/: the proof signs
SHA-256 over its own options, then SHA-256 over the credential, both in the canonical form of RFC
8785. `strict_json` writes that form for what stands here: no number but whole ones below 2^53, and
keys of ASCII letters, for which its order is that of RFC 8785. No Django, no database.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from signing import strict_json
from signing.errors import BadSignature, MalformedEnvelope, SigningError
from signing.multibase import from_base58, multikey, to_base58

CONTEXT = "https://www.w3.org/ns/credentials/v2"
CONTROLLER_CONTEXT = "https://www.w3.org/ns/cid/v1"
CRYPTOSUITE = "eddsa-jcs-2022"
TYPE = "TitleOfOwnershipCredential"
KEY = "#key-1"
MEDIA_TYPE = "application/vc"
PROOF = {
    "@context", "type", "cryptosuite", "created", "verificationMethod", "proofPurpose",
    "proofValue",
}  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Addresses of the site: who issues, where a title is checked."""

    issuer: str
    page: str


def credential(
    facts: Mapping[str, Any],
    *,
    issued_at: datetime,
    signed_at: datetime,
    places: Places,
    seed: bytes,
) -> dict[str, Any]:
    """What a title's signed document says, as a credential of the same issuer.

    Its subject is a salted hash of the holder's name, as in the document. The same title gives
    the same bytes: `signed_at` is when it was recorded, and Ed25519 draws nothing.
    """
    bare = {
        "@context": [CONTEXT, {"@vocab": f"{places.issuer}#"}],
        "id": f"urn:uuid:{facts['reference']}",
        "type": ["VerifiableCredential", TYPE],
        "issuer": {"id": places.issuer, "name": facts["cooperative"]},
        "validFrom": _moment(issued_at),
        "credentialStatus": {"id": places.page, "type": "TitlePage"},
        "credentialSubject": _subject(facts),
    }
    return signed(bare, created=signed_at, method=f"{places.issuer}{KEY}", seed=seed)


def signed(
    bare: Mapping[str, Any], *, created: datetime, method: str, seed: bytes
) -> dict[str, Any]:
    """A credential with its proof."""
    options = {
        "@context": bare["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": _moment(created),
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    value = SigningKey(seed).sign(_signed_bytes(bare, options)).signature
    return {**bare, "proof": {**options, "proofValue": f"z{to_base58(value)}"}}


def is_one(document: bytes) -> bool:
    """Whether a file looks like a credential; says nothing of its proof."""
    try:
        value = strict_json.loads(document)
    except SigningError:
        return False
    return isinstance(value, dict) and "proof" in value


def verify(document: bytes, public_key: bytes) -> dict[str, Any]:
    """The credential without its proof, if this key signed it. Raises SigningError."""
    value = strict_json.loads(document)
    proof = value.get("proof") if isinstance(value, dict) else None
    if not isinstance(proof, dict) or set(proof) != PROOF:
        raise MalformedEnvelope("this is not a credential with a proof")
    options = {name: entry for name, entry in proof.items() if name != "proofValue"}
    bare = {name: entry for name, entry in value.items() if name != "proof"}
    _require_suite(options, bare)
    try:
        VerifyKey(public_key).verify(_signed_bytes(bare, options), _signature(proof["proofValue"]))
    except (BadSignatureError, ValueError) as error:
        raise BadSignature("no signature by this key") from error
    return bare


def controller(issuer: str, public_key: bytes) -> dict[str, Any]:
    """Who issues: the document that names the key with which the issuer asserts."""
    return {
        "@context": CONTROLLER_CONTEXT,
        "id": issuer,
        "verificationMethod": [
            {
                "id": f"{issuer}{KEY}",
                "type": "Multikey",
                "controller": issuer,
                "publicKeyMultibase": multikey(public_key),
            }
        ],
        "assertionMethod": [f"{issuer}{KEY}"],
    }


def _subject(facts: Mapping[str, Any]) -> dict[str, Any]:
    title = {
        "number": facts["number"],
        "pool": facts["pool"],
        "units": facts["units"],
        "origin": facts["origin"],
        "issuedOn": facts["issued_on"],
        "backing": facts["backing"],
    }
    follows: Sequence[int] = facts.get("from", ())
    return {
        "id": f"urn:title-holder:{facts['member']['name_hash']}",
        "title": title | ({"follows": list(follows)} if follows else {}),
    }


def _require_suite(options: Mapping[str, Any], bare: Mapping[str, Any]) -> None:
    says = options["type"], options["cryptosuite"], options["proofPurpose"]
    if says != ("DataIntegrityProof", CRYPTOSUITE, "assertionMethod"):
        raise MalformedEnvelope("this proof is of another kind")
    if options["@context"] != bare.get("@context"):
        raise MalformedEnvelope("the proof is over another context")
    issuer = bare.get("issuer")
    if not isinstance(issuer, dict) or options["verificationMethod"] != f"{issuer.get('id')}{KEY}":
        raise MalformedEnvelope("the key is not the issuer's")


def _signed_bytes(bare: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """What is signed: the hash of the options, then that of the credential."""
    parts = (strict_json.dumps(dict(part)) for part in (options, bare))
    return b"".join(hashlib.sha256(part).digest() for part in parts)


def _signature(value: object) -> bytes:
    if not isinstance(value, str) or not value.startswith("z"):
        raise MalformedEnvelope("the proof's value is not base58btc")
    return from_base58(value[1:])


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
