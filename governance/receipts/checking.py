"""Whether a receipt holds: by itself, under the cooperative's key, and against this site's board.

`coop_verify.receipt` does the first two once more without a line of this site.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance import board
from governance.models import Ballot
from governance.receipts.making import FORMAT, HEAD
from ledger.log.tree import verifier_key
from signing import merkle, notes, strict_json
from signing.dsse import Envelope
from signing.errors import BadProof, SigningError
from signing.keys import verify_document

File = Mapping[str, Any]
HOLDS, BROKEN, ABSENT = "holds", "broken", "absent"
QUESTIONS: dict[str, Promise] = {
    "ballot": _("The ballot is signed by the cooperative, for this vote and this entry"),
    "own": _("It names the statement that you signed with your own key"),
    "sealed": _("It names your sealed envelope"),
    "receipt": _("The receipt was signed when the ballot came onto the board, and names it"),
    "head": _("The head of the board is signed by the cooperative"),
    "inclusion": _("The ballot is on that board, at its place"),
    "certificate": _("The vote was counted from that very board"),
    "log": _("The log of the books has the certificate of the count"),
    "site": _("The board of this site has the ballot, and begins like the one you kept"),
}
LATER: dict[str, Promise] = {
    "certificate": _("not counted when the receipt was made"),
    "log": _("not sealed when the receipt was made"),
    "own": _("the site signed for you"),
    "sealed": _("it was an open ballot"),
}


class NotAReceipt(ValueError):
    """What was given is no receipt at all."""


@dataclass(frozen=True)
class Line:
    """One question to a receipt and its answer: holds, broken, or absent with the reason."""

    name: str
    state: str

    @property
    def question(self) -> str:
        """What was looked at."""
        return str(QUESTIONS[self.name])

    @property
    def why(self) -> str:
        """Why it could not be looked at."""
        return str(LATER[self.name]) if self.state == ABSENT else ""


def read(raw: bytes) -> File:
    """A receipt from its file; raises NotAReceipt."""
    try:
        value = strict_json.loads(raw)
    except SigningError as error:
        raise NotAReceipt(str(error)) from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise NotAReceipt(FORMAT)
    return value


def check(file: File, *, here: bool = True) -> list[Line]:
    """Every question in its order; `here` also asks the board of this site."""
    lines = [Line(name, _answer(ask, file)) for name, ask in _ASKED.items()]
    if not here:
        return lines
    # A board that is not there, or has been cut, is as broken as one that differs.
    return [*lines, Line("site", _answer(_on_this_site, file))]


def _answer(ask: Callable[[File], bool | None], file: File) -> str:
    try:
        found = ask(file)
    except (SigningError, LookupError, TypeError, ValueError, AttributeError):
        return BROKEN
    return ABSENT if found is None else HOLDS if found else BROKEN


def _said(file: File, part: str, kind: str) -> Any:
    """The document in a part of the file, if the cooperative signed it; raises SigningError."""
    return strict_json.loads(verify_document(Envelope.from_dict(file[part]), kind))


def _leaf(file: File) -> str:
    return board.leaf_hash(Envelope.from_dict(file["ballot"]).as_json())


def _same_vote(file: File, said: Mapping[str, Any]) -> bool:
    """Whether a document is about the vote that the ballot names."""
    ballot = strict_json.loads(Envelope.from_dict(file["ballot"]).payload)
    same = ("proposal", "notice_sha256")
    return all(said[name] == ballot[name] for name in same) and said["proposal"] == file["proposal"]


def _ballot(file: File) -> bool:
    said = _said(file, "ballot", board.BALLOT)
    return _same_vote(file, said) and bool(said["index"] == file["index"])


def _own(file: File) -> bool | None:
    named = _said(file, "ballot", board.BALLOT).get("own_sha256")
    if named is None and "own" not in file:
        return None
    own = Envelope.from_dict(file["own"]).as_json()
    return bool(hashlib.sha256(own).hexdigest() == named)


def _sealed(file: File) -> bool | None:
    named = _said(file, "ballot", board.BALLOT).get("sealed_sha256")
    if named is None and "sealed" not in file:
        return None
    try:
        sealed = base64.b64decode(file["sealed"], validate=True)
    except binascii.Error:
        return False
    return bool(hashlib.sha256(sealed).hexdigest() == named)


def _receipt(file: File) -> bool:
    said = _said(file, "receipt", board.RECEIPT)
    return _same_vote(file, said) and (said["index"], said["leaf"]) == (file["index"], _leaf(file))


def _head(file: File) -> bool:
    said = _said(file, "head", HEAD)
    return _same_vote(file, said) and 1 <= file["index"] <= said["size"]


def _inclusion(file: File) -> bool:
    head = _said(file, "head", HEAD)
    path = [bytes.fromhex(step) for step in file["inclusion"]]
    leaf, root = bytes.fromhex(_leaf(file)), bytes.fromhex(head["root"])
    try:
        merkle.verify_inclusion(leaf, file["index"] - 1, head["size"], path, root)
    except BadProof:
        return False
    return True


def _certificate(file: File) -> bool | None:
    if "certificate" not in file:
        return None
    said, head = _said(file, "certificate", board.CERTIFICATE), _said(file, "head", HEAD)
    counted = {name: head[name] for name in ("size", "head", "root")}
    return _same_vote(file, said) and bool(said["board"] == counted)


def _log(file: File) -> bool | None:
    if "log" not in file:
        return None
    shown = notes.verify_proof(file["log"], verifier_key())
    certificate = Envelope.from_dict(file["certificate"]).as_json()
    leaf = strict_json.loads(shown.leaf)
    return bool(leaf["digest"] == hashlib.sha256(certificate).hexdigest())


def _on_this_site(file: File) -> bool:
    """The board here at the size that the voter's head names; a later entry changes nothing."""
    head = _said(file, "head", HEAD)
    rows = Ballot.objects.filter(proposal=file["proposal"], index__lte=head["size"])
    leaves = list(rows.order_by("index").values_list("leaf", flat=True))
    counted = {name: head[name] for name in ("size", "head", "root")}
    return board.summary(leaves) == counted and leaves[file["index"] - 1] == _leaf(file)


_ASKED: dict[str, Callable[[File], bool | None]] = {
    "ballot": _ballot,
    "own": _own,
    "sealed": _sealed,
    "receipt": _receipt,
    "head": _head,
    "inclusion": _inclusion,
    "certificate": _certificate,
    "log": _log,
}
