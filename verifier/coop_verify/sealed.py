"""What trustees published of a sealed vote, held against its board."""

from collections import Counter
from hashlib import sha256
from typing import Any

from coop_verify.canonical import dumps, parse
from coop_verify.dsse import Signed, kind
from coop_verify.errors import Malformed
from coop_verify.note import Key
from coop_verify.votes import Line, Vote

TALLY = kind("sealed-tally")
INPUT = b"coop sealed input v1"
FEWEST_LISTED = 5


def sealed_answers(vote: Vote) -> list[Any]:
    """The answers that the trustees found; raises Malformed where their file does not fit.

    Fits: signed by the key of the deal that the notice names, over the newest ciphertext of each
    voter, no tracker twice, no more answers than voters, counts that are those of the list.
    """
    document = _signed_document(vote)
    newest = newest_sealed(vote)
    if document["input_sha256"] != input_hash(newest):
        raise Malformed("the trustees counted other ballots than those on the board")
    if document["notice_sha256"] != vote.facts["notice_sha256"]:
        raise Malformed("the trustees counted another vote")
    found = [(line["choice"], line["ballots"]) for line in document["counts"]]
    number = sum(ballots for _choice, ballots in found)
    spoiled = sum(document["spoiled"].values())
    if number != document["counted"] or number + spoiled != len(newest):
        raise Malformed(f"{number} answers and {spoiled} spoiled are not {len(newest)} ballots")
    _check_list(document, number)
    return [choice for choice, ballots in found for _ in range(ballots)]


def _signed_document(vote: Vote) -> Line:
    tally, deal = vote.facts["tally"], vote.facts["deal"]
    if tally is None or deal is None:
        raise Malformed("a sealed vote without deal or tally")
    named = vote.notice.get("sealed") or {}
    if not vote.facts["withheld"] and named.get("deal_sha256") != sha256(dumps(deal)).hexdigest():
        raise Malformed("the deal is not the one that notice was given of")
    signed = Signed.read(tally)
    if not signed.is_by(Key(bytes.fromhex(deal["tally_key"])), TALLY):
        raise Malformed("the tally is not signed with the key of the deal")
    document = parse(signed.payload)
    if not isinstance(document, dict):
        raise Malformed("the tally says nothing")
    return document


def newest_sealed(vote: Vote) -> list[bytes]:
    """The ciphertext of each voter with the highest counter."""
    newest: dict[str, tuple[int, bytes]] = {}
    for entry in vote.board:
        if entry.sealed is None:
            raise Malformed(f"entry {entry.index} of a sealed vote has no ciphertext")
        voter, counter = entry.says["voter"], entry.says["counter"]
        if voter not in newest or counter > newest[voter][0]:
            newest[voter] = (counter, entry.sealed)
    return [sealed for _counter, sealed in newest.values()]


def input_hash(sealed: list[bytes]) -> str:
    """What names a set of ciphertexts whatever their order."""
    digests = sorted(sha256(each).digest() for each in sealed)
    return sha256(INPUT + len(digests).to_bytes(8, "big") + b"".join(digests)).hexdigest()


def _check_list(document: Line, number: int) -> None:
    lines = document["list"]
    if lines is None:
        if number >= FEWEST_LISTED:
            raise Malformed("the list with the trackers is missing")
        return
    trackers = [line["tracker"] for line in lines]
    if trackers != sorted(set(trackers)):
        raise Malformed("the list is not in the order of its trackers, each once")
    listed = Counter(dumps(line["choice"]) for line in lines)
    counted = {dumps(line["choice"]): line["ballots"] for line in document["counts"]}
    if listed != counted:
        raise Malformed("the counts are not those of the list")
