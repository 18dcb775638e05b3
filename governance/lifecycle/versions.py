"""Versions of a proposal: one row for each saving and each notice."""

from typing import Any

from governance.lifecycle.content import content_of
from governance.models import Proposal, ProposalVersion
from members.models import User

OF_PERSONS = ("reason", "appeal")
"""what a payload says of a person: only members read it"""


def record_version(proposal: Proposal, *, by: User | None, why: str = "") -> ProposalVersion:
    """What the proposal says now, kept. Call inside a transaction, under its lock."""
    return ProposalVersion.objects.create(
        proposal=proposal,
        number=proposal.versions.count() + 1,
        version=proposal.version,
        content=content_of(proposal),
        notice_hash=proposal.notice_hash,
        notice_at=proposal.notice_at,
        why=why.strip(),
        by=by,
    )


def readable(content: dict[str, Any], *, member: bool) -> dict[str, Any]:
    """The content of a version as a reader may see it."""
    if member:
        return content
    return content | {
        "payload": _public(content["payload"]),
        "options": [
            option | {"payload": _public(option["payload"])} if "payload" in option else option
            for option in content["options"]
        ],
    }


def _public(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in OF_PERSONS}
