"""The tally: ballots opened, stripped of their envelopes, sorted by tracker, counted and signed.

The order by tracker is the shuffle: nothing of the board's order is left. With fewer than five
ballots only the counts are published. A ballot that is no ballot is spoiled, and is told by its
number alone. Secret and shares are never part of what is published.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from nacl.public import PrivateKey

from coop_trustee import answers, dsse
from coop_trustee.ballots import opened
from coop_trustee.canonical import digest, dumps, from_hex, parse, require
from coop_trustee.deals import Share, vote_keys
from coop_trustee.errors import Refused
from coop_trustee.sets import ClosedSet, Entry

FORMAT = "coop-tally/1"
FEWEST_LISTED = 5
SPOILED = ("bad_answer", "other_vote", "repeated", "unreadable")
Line = dict[str, Any]


def tally(closed: ClosedSet, shares: Sequence[Share]) -> dict[str, Any]:
    """The envelope that the trustees publish; raises Refused with fewer than k shares."""
    keys = vote_keys(closed.deal, shares)
    lines, spoiled = _read(closed, keys.box)
    document = {
        "format": FORMAT,
        "proposal": closed.notice["proposal"],
        "notice_sha256": closed.notice_sha256,
        "deal_sha256": digest(closed.deal),
        "roll_root": closed.roll_root,
        "heads": closed.heads,
        "board": closed.board,
        "input_sha256": closed.input_sha256,
        "voters": len(closed.entries),
        "counted": len(lines),
        "spoiled": spoiled,
        "list": lines if len(lines) >= FEWEST_LISTED else None,
        "counts": counts_of(line["choice"] for line in lines),
        "lot_nonce": keys.nonce.hex(),
    }
    return dsse.sign(keys.tally_seed, dsse.TALLY, dumps(document))


def counts_of(choices: Iterable[answers.Answer]) -> list[dict[str, Any]]:
    """Equal answers with their number, in the order of their spelling."""
    numbers = Counter(dumps(choice) for choice in choices)
    return [{"choice": parse(choice), "ballots": numbers[choice]} for choice in sorted(numbers)]


def read_tally(envelope: dict[str, Any], deal: dict[str, Any]) -> dict[str, Any]:
    """The document that k trustees of a deal signed; raises Refused where it does not add up."""
    document = dsse.opened(envelope, from_hex(deal["tally_key"], 32), dsse.TALLY)
    require(document, {"counts": list, "counted": int, "voters": int, "input_sha256": str})
    if document.get("format") != FORMAT or document["deal_sha256"] != digest(deal):
        raise Refused("it is no tally of this deal")
    if document["counted"] != sum(each["ballots"] for each in document["counts"]):
        raise Refused("the counts of the tally do not add up")
    lines = document["list"]
    if lines is not None and counts_of(line["choice"] for line in lines) != document["counts"]:
        raise Refused("the counts of the tally are not those of its list")
    return document


def choice_of(document: dict[str, Any], tracker: str) -> answers.Answer | None:
    """What the list says for a tracker; None where it is not on it."""
    found = [line["choice"] for line in document["list"] or () if line["tracker"] == tracker]
    return found[0] if found else None


def _read(closed: ClosedSet, box: PrivateKey) -> tuple[list[Line], dict[str, int]]:
    """The lines that count by tracker, and how many ballots were spoiled in which way."""
    lines: dict[str, Line] = {}
    spoiled = dict.fromkeys(SPOILED, 0)
    for entry in closed.entries:
        line, wrong = _line(closed, entry, box)
        if not wrong and line["tracker"] in lines:
            # A copy of somebody's ciphertext must not count twice, nor take the place of the first.
            wrong = "repeated"
        if wrong:
            spoiled[wrong] += 1
        else:
            lines[line["tracker"]] = line
    return [lines[tracker] for tracker in sorted(lines)], spoiled


def _line(closed: ClosedSet, entry: Entry, box: PrivateKey) -> tuple[Line, str]:
    try:
        inner = opened(entry.sealed, box)
    except Refused:
        return {}, "unreadable"
    if (inner["proposal"], inner["notice"]) != (closed.notice["proposal"], closed.notice_sha256):
        return {}, "other_vote"
    try:
        choice = answers.normal(closed.notice, inner["choice"])
    except Refused:
        return {}, "bad_answer"
    return {"tracker": inner["tracker"], "choice": choice}, ""
