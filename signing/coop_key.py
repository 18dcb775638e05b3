"""coop-key: a member's own signing key, in a file that only they have.

Makes keys and signs statements on the member's own machine; talks to nobody. Needs Python and
PyNaCl, and nothing of the site: this one file can be copied anywhere. The key file is JSON: the
public key in the clear, the secret one locked with a passphrase (Argon2id, XSalsa20-Poly1305).
"""

import argparse
import base64
import getpass
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from nacl import pwhash, secret, utils
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey

FORMAT = "coop-key/1"
SHORTEST_PASSPHRASE = 8
_OPS, _MEMORY = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORDS = 5


class Refused(Exception):
    """Something that the person at the keyboard can mend; the text says what."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0, or 2 with a sentence on the error output."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (Refused, OSError) as error:
        print(f"coop-key: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coop-key", description="Your own key, on your machine.")
    commands = parser.add_subparsers(required=True)
    new = commands.add_parser("new", help="make a key and write it to a new file")
    new.add_argument("file", type=Path)
    new.set_defaults(run=_new)
    show = commands.add_parser("show", help="show the public half of a key")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)
    sign = commands.add_parser("sign", help="sign a statement that the site drafted")
    sign.add_argument("statement", type=Path)
    sign.add_argument("--key", type=Path, action="append", required=True, metavar="FILE")
    sign.add_argument("--out", type=Path, help="write here; without it, to the screen")
    sign.add_argument("--yes", action="store_true", help="do not ask whether to sign")
    sign.set_defaults(run=_sign)
    return parser


def _new(options: argparse.Namespace) -> None:
    if options.file.exists():
        raise Refused(f"{options.file} is there already, and is left as it is")
    key = SigningKey.generate()
    locked = lock(bytes(key), _passphrase(f"A passphrase for {options.file}", twice=True))
    content = {"format": FORMAT, "public_key": bytes(key.verify_key).hex(), **locked}
    descriptor = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
    _show(options)


def _show(options: argparse.Namespace) -> None:
    public_key = bytes.fromhex(_read_key(options.file)["public_key"])
    print(f"public key   {public_key.hex()}")
    print(f"in words     {words(public_key)}")


def _sign(options: argparse.Namespace) -> None:
    draft = _read_statement(options.statement)
    payload = base64.b64decode(draft["payload"], validate=True)
    print(readable(payload), file=sys.stderr)
    if not options.yes and _ask("Sign this? Type yes: ") != "yes":
        raise Refused("nothing was signed")
    message = pae(draft["payloadType"], payload)
    signed = {**draft, "signatures": [_signature(path, message) for path in options.key]}
    text = json.dumps(signed, sort_keys=True, separators=(",", ":"))
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text + "\n", encoding="utf-8")


def _signature(path: Path, message: bytes) -> dict[str, str]:
    content = _read_key(path)
    key = SigningKey(unlock(content, _passphrase(f"The passphrase of {path}")))
    name = hashlib.sha256(bytes(key.verify_key)).hexdigest()[:32]
    made = key.sign(message).signature
    return {"keyid": f"ed25519:{name}", "sig": base64.b64encode(made).decode()}


def lock(seed: bytes, passphrase: str) -> dict[str, Any]:
    """A seed of 32 bytes under a passphrase, with all that is needed to open it but that."""
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    box = secret.SecretBox(_stretched(passphrase, salt, _OPS, _MEMORY))
    return {
        "salt": salt.hex(),
        "ops": _OPS,
        "memory": _MEMORY,
        "locked": bytes(box.encrypt(seed)).hex(),
    }


def unlock(content: dict[str, Any], passphrase: str) -> bytes:
    """The seed of a key file; raises Refused for another passphrase."""
    salt, ops, memory = bytes.fromhex(content["salt"]), content["ops"], content["memory"]
    box = secret.SecretBox(_stretched(passphrase, salt, ops, memory))
    try:
        return bytes(box.decrypt(bytes.fromhex(content["locked"])))
    except CryptoError:
        raise Refused("this is not the passphrase of the key") from None


def pae(kind: str, payload: bytes) -> bytes:
    """What DSSE signs: the type and the payload, each with its length in bytes."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def readable(payload: bytes) -> str:
    """A statement as lines that a person can read before signing it."""
    try:
        document = json.loads(payload)
    except ValueError:
        raise Refused("the statement cannot be read, so it is not signed") from None
    shown = [f"  {name:14} {_flat(value)}" for name, value in document.items() if name != "seal"]
    return "\n".join(["You are about to sign:", *shown])


def words(public_key: bytes) -> str:
    """Five words to read to each other: the first ten bytes of the key's SHA-256 as proquints."""
    digest = hashlib.sha256(public_key).digest()
    numbers = [int.from_bytes(digest[place * 2 : place * 2 + 2], "big") for place in range(_WORDS)]
    return "-".join(_word(number) for number in numbers)


def _word(number: int) -> str:
    first, second = _VOWELS[number >> 10 & 3], _VOWELS[number >> 4 & 3]
    outer = [_CONSONANTS[number >> shift & 15] for shift in (12, 6, 0)]
    return f"{outer[0]}{first}{outer[1]}{second}{outer[2]}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    return str(value)


def _stretched(passphrase: str, salt: bytes, ops: int, memory: int) -> bytes:
    size = secret.SecretBox.KEY_SIZE
    return bytes(pwhash.argon2id.kdf(size, passphrase.encode(), salt, ops, memory))


def _read_key(path: Path) -> dict[str, Any]:
    content = _read(path)
    if content.get("format") != FORMAT:
        raise Refused(f"{path} is not a key file of coop-key")
    return content


def _read_statement(path: Path) -> dict[str, Any]:
    content = _read(path)
    if not {"payloadType", "payload"} <= set(content):
        raise Refused(f"{path} is not a statement to sign")
    return {"payloadType": content["payloadType"], "payload": content["payload"]}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise Refused(f"{path} cannot be read") from None
    if not isinstance(content, dict):
        raise Refused(f"{path} cannot be read")
    return content


def _passphrase(what: str, *, twice: bool = False) -> str:
    given = _ask_hidden(f"{what}: ")
    if twice and len(given) < SHORTEST_PASSPHRASE:
        raise Refused(f"a passphrase has at least {SHORTEST_PASSPHRASE} characters")
    if twice and _ask_hidden("Once more: ") != given:
        raise Refused("the two are not the same; nothing was made")
    return given


def _ask_hidden(question: str) -> str:
    """What is typed, unseen; from a pipe, the next line."""
    return getpass.getpass(question) if sys.stdin.isatty() else _line()


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return _line()


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
