"""Whether a deal, a ciphertext or a tally is what it must be, before anything is kept of it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from governance import board
from governance.errors import BadDeal, BadSealedBallot, BadTally, UnknownChoice
from governance.methods.answers import check_answer
from governance.models import Proposal, SealedVote
from governance.sealed import formats
from governance.sealed.queries import (
    ballots_that_count,
    chamber_of,
    input_hash_of,
    keys_offered,
)
from signing import strict_json
from signing.dsse import Envelope, verify
from signing.errors import SigningError

DEAL_TYPES: dict[str, type | tuple[type, ...]] = {
    "format": str, "proposal": int, "threshold": int, "public_key": str, "tally_key": str,
    "lot_commitment": str, "trustees": list,
}  # fmt: skip
TRUSTEE_TYPES: dict[str, type | tuple[type, ...]] = {
    "member": int, "label": str, "public_key": str, "x": int, "share": str, "share_sha256": str,
}  # fmt: skip
TALLY_TYPES: dict[str, type | tuple[type, ...]] = {
    "format": str, "proposal": int, "notice_sha256": str, "deal_sha256": str, "roll_root": str,
    "heads": int, "board": dict, "input_sha256": str, "voters": int, "counted": int,
    "spoiled": dict, "list": (list, type(None)), "counts": list, "lot_nonce": str,
}  # fmt: skip
LONGEST_SHARE = 2000
"""characters of a share in its box; a real one has some five hundred"""


def require_deal(proposal: Proposal, deal: Any) -> None:
    """Raise BadDeal unless this deals a key for this vote to trustees whose keys stand here."""
    if not formats.has_types(deal, DEAL_TYPES) or deal["format"] != formats.DEAL:
        raise BadDeal(why=_("it has another form."))
    try:
        board.document_hash(deal)
    except SigningError as error:
        raise BadDeal(why=str(error)) from error
    if deal["proposal"] != proposal.pk:
        raise BadDeal(why=_("it is for another vote."))
    if not all(
        map(formats.is_key, (deal[n] for n in ("public_key", "tally_key", "lot_commitment")))
    ):
        raise BadDeal(why=_("a key in it is no key."))
    if not all(_is_dealt(trustee, x) for x, trustee in enumerate(deal["trustees"], start=1)):
        raise BadDeal(why=_("its shares are incomplete."))
    _require_known(deal["trustees"])


def _is_dealt(trustee: Any, x: int) -> bool:
    if not formats.has_types(trustee, TRUSTEE_TYPES) or trustee["x"] != x:
        return False
    return (
        formats.is_key(trustee["public_key"])
        and formats.is_key(trustee["share_sha256"])
        and len(trustee["share"]) <= LONGEST_SHARE
    )


def _require_known(trustees: Sequence[dict[str, Any]]) -> None:
    offered = {(key.public_key, key.member.number) for key in keys_offered()}
    named = [(trustee["public_key"], trustee["member"]) for trustee in trustees]
    if not set(named) <= offered:
        raise BadDeal(why=_("it names a key that no member offers here."))
    if len({member for _key, member in named}) < len(named):
        raise BadDeal(why=_("a member has two shares in it."))


def require_ciphertext(proposal: Proposal, sealed: bytes) -> None:
    """Raise BadSealedBallot for a length that no ballot has, or one that is on the board already.

    Call under the proposal's lock. A copy counts once only, but by its tracker it would show to
    whoever made it how the one voted whose ballot it is a copy of.
    """
    if not formats.has_length_of_a_ballot(sealed):
        raise BadSealedBallot
    if proposal.ballots.filter(sealed=sealed).exists():
        raise BadSealedBallot


def tally_in(vote: SealedVote, envelope: Envelope) -> dict[str, Any]:
    """The document that k trustees of this vote signed, checked against the board; BadTally."""
    key = bytes.fromhex(vote.deal["tally_key"])
    try:
        document = strict_json.loads(verify(envelope, key, formats.TALLY_KIND))
    except SigningError as error:
        raise BadTally(why=_("it is not signed with this vote's key.")) from error
    if not formats.has_types(document, TALLY_TYPES) or document["format"] != formats.TALLY:
        raise BadTally(why=_("it has another form."))
    _require_this_vote(vote, document)
    _require_numbers(vote.proposal, document)
    _require_list(document)
    _require_answers(vote.proposal, document)
    return dict(document)


def _require_this_vote(vote: SealedVote, document: dict[str, Any]) -> None:
    proposal, chamber = vote.proposal, chamber_of(vote.proposal)
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    expected = {
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "deal_sha256": board.document_hash(vote.deal),
        "roll_root": chamber.root,
        "heads": chamber.rows.count(),
        "board": board.summary(leaves),
        "input_sha256": input_hash_of(proposal),
    }
    if any(document[name] != value for name, value in expected.items()):
        raise BadTally(why=_("it was not made from this vote's notice, roll and whole board."))
    nonce = document["lot_nonce"]
    if not formats.is_key(nonce) or _sha256(nonce) != vote.deal["lot_commitment"]:
        raise BadTally(why=_("its number for the lot is not the one that was promised."))


def _require_numbers(proposal: Proposal, document: dict[str, Any]) -> None:
    spoiled, voters = document["spoiled"], ballots_that_count(proposal).count()
    if not formats.has_types(spoiled, dict.fromkeys(formats.SPOILED, int)):
        raise BadTally(why=_("it has another form."))
    if any(number < 0 for number in spoiled.values()) or document["counted"] < 0:
        raise BadTally(why=_("it counts less than nothing."))
    if document["voters"] != voters or document["counted"] + sum(spoiled.values()) != voters:
        raise BadTally(why=_("it does not account for as many ballots as there are voters."))


def _require_list(document: dict[str, Any]) -> None:
    lines, counted = document["list"], document["counted"]
    if (lines is None) != (counted < formats.FEWEST_LISTED):
        raise BadTally(why=_("a list is published with five ballots or more, and only then."))
    if lines is None:
        return
    if not all(formats.has_types(line, {"tracker": str, "choice": object}) for line in lines):
        raise BadTally(why=_("it has another form."))
    trackers = [line["tracker"] for line in lines]
    if not all(map(formats.is_tracker, trackers)) or not formats.ascending(trackers):
        raise BadTally(why=_("its list is not sorted by tracker, or has one twice."))
    if len(lines) != counted or formats.counts_of(_choices(lines)) != document["counts"]:
        raise BadTally(why=_("its counts are not those of its list."))


def _require_answers(proposal: Proposal, document: dict[str, Any]) -> None:
    counts = document["counts"]
    if not all(formats.has_types(one, {"choice": object, "ballots": int}) for one in counts):
        raise BadTally(why=_("it has another form."))
    if any(one["ballots"] < 1 for one in counts):
        raise BadTally(why=_("it counts less than nothing."))
    if sum(one["ballots"] for one in counts) != document["counted"]:
        raise BadTally(why=_("its counts do not add up."))
    if len(formats.counts_of(_choices(counts))) != len(counts):
        raise BadTally(why=_("its counts do not add up."))
    if not all(_is_answer(proposal, one["choice"]) for one in counts):
        raise BadTally(why=_("it holds an answer that is not on the ballot."))


def _is_answer(proposal: Proposal, choice: Any) -> bool:
    try:
        return bool(check_answer(proposal, choice) == choice)
    except UnknownChoice:
        return False


def _choices(lines: Sequence[dict[str, Any]]) -> list[Any]:
    return [line["choice"] for line in lines]


def _sha256(hex_bytes: str) -> str:
    return hashlib.sha256(bytes.fromhex(hex_bytes)).hexdigest()
