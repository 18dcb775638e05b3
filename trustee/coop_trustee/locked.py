"""A trustee's key: a Curve25519 pair in a file, the secret half locked with a passphrase.

Argon2id stretches the passphrase, XSalsa20-Poly1305 locks. Who loses file or passphrase can no
longer open the shares that were dealt to this key.
"""

from typing import Any

from nacl import pwhash, secret, utils
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey

from coop_trustee.canonical import from_hex, require
from coop_trustee.errors import Refused

FORMAT = "coop-trustee-key/1"
SHORTEST_PASSPHRASE = 8
KEY_BYTES = 32
OPS, MEMORY = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
MOST_MEMORY = pwhash.argon2id.MEMLIMIT_SENSITIVE


def new_key(label: str, passphrase: str) -> dict[str, Any]:
    """The content of a new key file; raises Refused for a short passphrase."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise Refused(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters")
    pair = PrivateKey.generate()
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    box = secret.SecretBox(_stretched(passphrase, salt, OPS, MEMORY))
    return {
        "format": FORMAT,
        "label": label,
        "public_key": bytes(pair.public_key).hex(),
        "salt": salt.hex(),
        "ops": OPS,
        "memory": MEMORY,
        "locked": bytes(box.encrypt(bytes(pair))).hex(),
    }


def unlocked(content: dict[str, Any], passphrase: str) -> PrivateKey:
    """The pair of a key file; raises Refused for another passphrase or a spoiled file."""
    require(content, {"salt": str, "ops": int, "memory": int, "locked": str, "public_key": str})
    if content["memory"] > MOST_MEMORY:
        raise Refused("the key file asks for more memory than any key file does")
    try:
        salt, locked = bytes.fromhex(content["salt"]), bytes.fromhex(content["locked"])
        box = secret.SecretBox(_stretched(passphrase, salt, content["ops"], content["memory"]))
        pair = PrivateKey(bytes(box.decrypt(locked)))
    except CryptoError:
        raise Refused("this is not the passphrase of the key") from None
    except ValueError:
        raise Refused("the key file is spoiled") from None
    if bytes(pair.public_key) != from_hex(content["public_key"], KEY_BYTES):
        raise Refused("the key file names another public key than its own")
    return pair


def _stretched(passphrase: str, salt: bytes, ops: int, memory: int) -> bytes:
    size = secret.SecretBox.KEY_SIZE
    return bytes(pwhash.argon2id.kdf(size, passphrase.encode(), salt, ops, memory))
