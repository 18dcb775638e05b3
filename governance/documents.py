"""The documents of a vote that are hashed or signed: notice, ballot, receipt, certificate."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from governance.counting import CHOICES, ChamberResult, Check
from governance.counting.question import Counted
from governance.models import Proposal, RollCorrection
from governance.sealed.queries import notice_part

SOFTWARE = "coop-governance/2"
"""which way of counting made a certificate; raised where ballots could come out otherwise"""
RULES = ("R1", "R3", "R6", "R7", "R8", "R9", "R10", "R14", "R20")
ALSO = {
    Proposal.Kind.CONSENT: ("R21",),
    Proposal.Kind.RANKED: ("R4",),
    Proposal.Kind.IRV: ("R5",),
    Proposal.Kind.STV: ("R5",),
}
IN_WORDS = (Proposal.Kind.MOTION, Proposal.Kind.CONSENT)


def utc(at: datetime | None) -> str:
    """An instant as text, in UTC."""
    return "" if at is None else at.astimezone(UTC).isoformat()


def notice_document(proposal: Proposal) -> dict[str, Any]:
    """What notice announces and the notice hash binds: who asks what, to do what, on what terms."""
    return {
        "proposal": proposal.pk,
        "version": proposal.version,
        "kind": proposal.kind,
        "proposer": proposal.proposer_id,
        "title": proposal.title,
        "text": proposal.text,
        "options": proposal.options or list(CHOICES),
        "action": proposal.action,
        "payload": proposal.payload,
        "payload_sha256": proposal.payload_hash,
        "terms": proposal.terms,
        "preview": proposal.preview,
        "notice_at": utc(proposal.notice_at),
        **_beyond_a_motion(proposal),
    }


def _beyond_a_motion(proposal: Proposal) -> dict[str, Any]:
    """What differs from a plain motion; named only then, so that older notices keep their hash."""
    named: dict[str, tuple[Any, Any]] = {
        "ballot_kind": (proposal.ballot_kind, Proposal.BallotKind.OPEN),
        "seats": (proposal.seats, 1),
        "previous": (proposal.previous_id, None),
        "because": (proposal.because, ""),
        "sealed": (notice_part(proposal), {}),
    }
    return {name: value for name, (value, usual) in named.items() if value != usual}


def ballot_document(
    proposal: Proposal,
    *,
    index: int,
    voter: str,
    choices: dict[str, Any],
    reason_hash: str,
    at: datetime,
    own: bytes | None = None,
    sealed: bytes | None = None,
    counter: int | None = None,
) -> dict[str, Any]:
    """What a ballot says; signed by the site for the member, which `attested` admits.

    `own` is the statement that the member signed themselves: of it the ballot holds the hash. A
    sealed ballot says nothing but the hash of its ciphertext, and the voter's counter.
    """
    signed = {} if own is None else {"own_sha256": hashlib.sha256(own).hexdigest()}
    says = {"choices": choices} if sealed is None else sealed_words(sealed, counter)
    return {
        **signed,
        **says,
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "index": index,
        "voter": voter,
        "reason_sha256": reason_hash,
        "cast_at": utc(at),
        "attested": own is None,
    }


def sealed_words(sealed: bytes, counter: int | None) -> dict[str, Any]:
    """What is said in the open of a sealed ballot."""
    return {"sealed_sha256": hashlib.sha256(sealed).hexdigest(), "counter": counter}


def receipt_document(
    proposal: Proposal, *, index: int, leaf: str, link: str, at: datetime
) -> dict[str, Any]:
    """The head of the board right after a ballot: what the voter keeps."""
    return {
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "index": index,
        "leaf": leaf,
        "head": link,
        "at": utc(at),
    }


def certificate_document(
    proposal: Proposal,
    counted: Counted,
    *,
    roots: dict[str, str],
    board: dict[str, Any],
    carried: str,
    at: datetime,
) -> dict[str, Any]:
    """The result, with all that is needed to count it again.

    `carried` is the hash of the votes that counted through others, as the site publishes them.
    """
    chambers = [chamber_document(proposal, c, roots[c.roll.chamber]) for c in counted.chambers]
    return {
        **question_part(proposal),
        **outcome_part(proposal, counted),
        "chambers": chambers,
        "board": board,
        "carried_sha256": carried,
        "corrections": corrections_of(proposal),
        "opened_at": utc(proposal.opens_at),
        "closed_at": utc(proposal.closes_at),
        "certified_at": utc(at),
    }


def question_part(proposal: Proposal) -> dict[str, Any]:
    """What a certificate says of what was asked."""
    return {
        "proposal": proposal.pk,
        "title": proposal.title,
        "kind": proposal.kind,
        "ballot_kind": proposal.ballot_kind,
        "seats": proposal.seats,
        "options": [{"id": o["id"], "name": o["name"]} for o in proposal.options],
        "notice_sha256": proposal.notice_hash,
        "action": proposal.action,
        "payload_sha256": proposal.payload_hash,
    }


def outcome_part(proposal: Proposal, counted: Counted) -> dict[str, Any]:
    """What a certificate says of what came of it, and by which rules and software."""
    rule, chamber = counted.decided_by
    also = ALSO.get(Proposal.Kind(proposal.kind), ())
    return {
        "outcome": "passed" if counted.passed else "failed",
        "decided_by": {"rule": rule, "chamber": chamber},
        "result": counted.document,
        "rules": [*RULES, *also, *(("R11",) if rule == "R11" else ())],
        "counted_by": f"{proposal.kind}/1",
        "software": SOFTWARE,
    }


def corrections_of(proposal: Proposal) -> list[str]:
    """The hashes of the signed corrections of the rolls, in the order they were made."""
    rows = RollCorrection.objects.filter(row__chamber__proposal=proposal).order_by("pk")
    return [hashlib.sha256(bytes(row.envelope)).hexdigest() for row in rows]


def chamber_document(proposal: Proposal, result: ChamberResult, root: str) -> dict[str, Any]:
    """One chamber of a certificate; of a motion its answers, else how many chose anything."""
    sums = result.sums
    in_words = {"for": sums.yes, "against": sums.no}
    return {
        "chamber": result.roll.chamber,
        "heads": result.roll.heads,
        "weight": result.roll.weight,
        "roll_root": root,
        **(in_words if proposal.kind in IN_WORDS else {"chose": sums.yes}),
        "abstain": sums.abstain,
        "ballots": sums.heads,
        "passed": result.passed,
        "checks": [check_document(check) for check in result.checks],
    }


def check_document(check: Check) -> dict[str, Any]:
    """One rule at one chamber."""
    about = {"option": check.option} if check.option else {}
    return {
        "rule": check.rule,
        "has": check.has,
        "needed": check.needed,
        "whole": check.whole,
        "met": check.met,
        **about,
    }
