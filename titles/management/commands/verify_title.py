"""`manage.py verify_title FILE`: is this title genuine? Asks no database."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signing import keys, notes
from signing.errors import SigningError
from titles import certificate
from titles.papers import credential
from titles.verify import (
    NotInProof,
    UnreadableKey,
    names_another_key,
    public_key_from,
    sealed_in,
    verify_title,
)

SAYS = (
    "Title {number} is genuine: {cooperative} certifies that member {member[number]} holds "
    "{units} shares of {pool[name]} since {issued_on}."
)
CREDENTIAL_SAYS = (
    "This credential is genuine: {issuer[name]} certifies title {number}, {units} shares of "
    "{pool[name]} since {issuedOn}. Whether it still stands is told by the page it names."
)


class Command(BaseCommand):
    """Checks a title's signature against a public key; exit status 1 where it does not fit."""

    help = "Check a signed title offline; says one sentence, exit status 0 or 1."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the downloaded title, or its credential")
        parser.add_argument(
            "--key", help="the public key: 64 hex digits, or a file (default: this site's own key)"
        )
        parser.add_argument("--name", help="also check that the title is over this name")
        parser.add_argument("--salt", help="the salt from the holder's page, in hex")
        parser.add_argument(
            "--proof", type=Path, help="also check that the log has the title: its .tlog-proof file"
        )
        parser.add_argument("--log-key", help="the key of the log, name+id+key (with --proof)")

    def handle(self, *args: Any, **options: Any) -> None:
        document, key = self._document(options["file"]), self._key(options["key"])
        if credential.is_one(document):
            self._check_credential(document, key)
            return
        try:
            facts = verify_title(document, key)
        except SigningError as error:
            raise CommandError(_refusal(document, key, error)) from error
        self.stdout.write(SAYS.format(**facts))
        salt = options["salt"] or ""
        if options["name"] is not None:
            self._check_name(facts, options["name"], salt)
        if options["proof"] is not None:
            proof = self._document(options["proof"])
            self._check_proof(document, salt, proof, options["log_key"] or "")

    def _check_credential(self, document: bytes, key: bytes) -> None:
        try:
            said = credential.verify(document, key)
        except SigningError as error:
            raise CommandError(f"This credential is not genuine: {error}.") from error
        title, issuer = said["credentialSubject"]["title"], said["issuer"]
        self.stdout.write(CREDENTIAL_SAYS.format(**title, issuer=issuer))

    def _document(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error

    def _key(self, given: str | None) -> bytes:
        if given is None and not keys.is_there():
            raise CommandError("Give the cooperative's public key with --key.")
        try:
            return keys.public_key() if given is None else public_key_from(given)
        except (SigningError, UnreadableKey) as error:
            raise CommandError(f"{error}.") from error

    def _check_name(self, facts: dict[str, Any], name: str, salt: str) -> None:
        if not certificate.names_holder(facts, name, _salt(salt)):
            raise CommandError("The title is genuine, but it is not over this name and salt.")
        self.stdout.write(f"It is over the name {name}.")

    def _check_proof(self, document: bytes, salt: str, proof: bytes, log_key: str) -> None:
        try:
            key = notes.VerifierKey.parse(log_key)
            found = sealed_in(document, _salt(salt), proof, key)
        except (SigningError, NotInProof) as error:
            raise CommandError(
                f"The title is genuine, but this does not show that the log has it: {error}."
            ) from error
        head = found.checkpoint
        self.stdout.write(
            f"It is leaf {found.index} of the log {head.origin}, by a signed checkpoint over "
            f"{head.size} leaves."
        )


def _salt(given: str) -> bytes:
    try:
        return bytes.fromhex(given)
    except ValueError as error:
        raise CommandError("The salt must be hex digits.") from error


def _refusal(document: bytes, key: bytes, error: SigningError) -> str:
    try:
        other = names_another_key(document, key)
    except SigningError:
        return f"This is not a title: {error}."
    if other:
        return "This title is not genuine by this key: it says that another key signed it."
    return f"This title is not genuine: {error}."
