"""What can be wrong with something signed. The codes are those of docs/metering-protocol.md."""

from typing import ClassVar


class SigningError(Exception):
    """Base of all refusals here; `code` is stable and part of the wire format."""

    code: ClassVar[str] = "malformed"


class MalformedJson(SigningError):
    """Bytes that are not JSON in the strict profile of `signing.strict_json`."""


class MalformedEnvelope(SigningError):
    """JSON that is not a DSSE envelope."""


class WrongPayloadType(SigningError):
    """A sound signature over another kind of document than the one asked for."""

    code = "schema"


class BadSignature(SigningError):
    """No signature of the envelope was made by the key asked for."""

    code = "bad_signature"


class KeyUnusable(SigningError):
    """The cooperative's key file or variable cannot be used; nothing is signed."""

    code = "key_unusable"


class BadProof(SigningError):
    """Hashes that do not lead from what they are to prove to the root that they are to prove."""

    code = "bad_proof"


class MalformedNote(SigningError):
    """A text that is not a signed note, a checkpoint, a proof file or a verifier key."""


class MalformedTile(SigningError):
    """A path, a tile or an entry bundle that is not of the form of `signing.tiles`."""
