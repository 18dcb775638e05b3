"""base58btc as in Multibase, and public keys as Multikey (https://www.w3.org/TR/cid-1.0/)."""

from signing.errors import MalformedEnvelope

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = b"\xed\x01"
"""what comes before a public key of Ed25519"""
MOST_CHARACTERS = 128


def to_base58(raw: bytes) -> str:
    """The bytes in base58btc; a zero byte at the beginning is a "1"."""
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """The bytes that a text spells; raises MalformedEnvelope."""
    if len(text) > MOST_CHARACTERS or any(character not in ALPHABET for character in text):
        raise MalformedEnvelope("this is not base58btc")
    number = 0
    for character in text:
        number = number * len(ALPHABET) + ALPHABET.index(character)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + raw


def multikey(public_key: bytes) -> str:
    """A public key of Ed25519 as a Multikey: z6Mk…"""
    return f"z{to_base58(ED25519 + public_key)}"
