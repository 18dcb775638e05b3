"""Versions of a proposal: one row for each saving and each notice."""

from governance.lifecycle.content import content_of
from governance.models import Proposal, ProposalVersion
from members.models import User


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
