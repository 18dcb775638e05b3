"""The documents of a vote that are hashed or signed: notice, ballot, receipt, certificate."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from governance.counting import CHOICES, ChamberResult, Check, MotionResult
from governance.models import Proposal

COUNTED_BY = "motion/1"
RULES = ("R1", "R3", "R6", "R7", "R8", "R9", "R10", "R14", "R20")


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
    named = {
        "ballot_kind": (proposal.ballot_kind, Proposal.BallotKind.OPEN),
        "seats": (proposal.seats, 1),
        "previous": (proposal.previous_id, None),
        "because": (proposal.because, ""),
    }
    return {name: value for name, (value, usual) in named.items() if value != usual}


def ballot_document(
    proposal: Proposal,
    *,
    index: int,
    voter: str,
    choices: dict[str, str],
    reason_hash: str,
    at: datetime,
    own: bytes | None = None,
) -> dict[str, Any]:
    """What a ballot says; signed by the site for the member, which `attested` admits.

    `own` is the statement that the member signed themselves: of it the ballot holds the hash.
    """
    signed = {} if own is None else {"own_sha256": hashlib.sha256(own).hexdigest()}
    return signed | {
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "index": index,
        "voter": voter,
        "choices": choices,
        "reason_sha256": reason_hash,
        "cast_at": utc(at),
        "attested": own is None,
    }


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
    result: MotionResult,
    *,
    roots: dict[str, str],
    board: dict[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """The result, with all that is needed to count it again."""
    rule, chamber = result.decided_by
    return {
        "proposal": proposal.pk,
        "title": proposal.title,
        "notice_sha256": proposal.notice_hash,
        "action": proposal.action,
        "payload_sha256": proposal.payload_hash,
        "outcome": "passed" if result.passed else "failed",
        "decided_by": {"rule": rule, "chamber": chamber},
        "chambers": [chamber_document(c, roots[c.roll.chamber]) for c in result.chambers],
        "board": board,
        "rules": list(RULES),
        "counted_by": COUNTED_BY,
        "opened_at": utc(proposal.opens_at),
        "closed_at": utc(proposal.closes_at),
        "certified_at": utc(at),
    }


def chamber_document(result: ChamberResult, root: str) -> dict[str, Any]:
    """One chamber of a certificate."""
    return {
        "chamber": result.roll.chamber,
        "heads": result.roll.heads,
        "weight": result.roll.weight,
        "roll_root": root,
        "for": result.sums.yes,
        "against": result.sums.no,
        "abstain": result.sums.abstain,
        "ballots": result.sums.heads,
        "passed": result.passed,
        "checks": [check_document(check) for check in result.checks],
    }


def check_document(check: Check) -> dict[str, Any]:
    """One rule at one chamber."""
    return {
        "rule": check.rule,
        "has": check.has,
        "needed": check.needed,
        "whole": check.whole,
        "met": check.met,
    }
