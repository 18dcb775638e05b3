"""Which word counts for whom at a moment: the most specific one that is in force (R12, R13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from governance.actions import action_named
from governance.counting.delegation import Caps
from governance.counting.threshold import Threshold
from governance.models import Proposal

MEANT = """
      d.made_at < %(at)s AND (d.revoked_at IS NULL OR d.revoked_at >= %(at)s)
  AND (d.until IS NULL OR d.until >= %(at)s)
  AND (d.scope = 'all' OR (d.scope = 'area' AND d.area = %(area)s)
       OR (d.scope = 'proposal' AND d.proposal_id = %(proposal)s))
  AND (d.kind = 'proxy' OR %(enabled)s)
  AND (d.directed IS NULL OR d.made_at >= %(notice)s)"""
"""In force just before the moment `at`. What binds to an answer lapses with the text it was for."""
NARROWEST = "CASE d.scope WHEN 'proposal' THEN 0 WHEN 'area' THEN 1 ELSE 2 END, d.id DESC"
EFFECTIVE = f"""
SELECT DISTINCT ON (d.giver_id) d.giver_id, d.holder_id, d.kind = 'proxy', d.directed::text
FROM governance_delegation d WHERE {MEANT} ORDER BY d.giver_id, {NARROWEST}"""


@dataclass(frozen=True)
class Rules:
    """What the terms of a vote say of voting for others: delegations at all, and the caps."""

    enabled: bool
    heads: int
    share: Threshold

    @property
    def caps(self) -> Caps:
        """How much one voter speaks for at most, besides themselves."""
        return Caps(heads=self.heads, share=self.share)


class Word(NamedTuple):
    """Whom somebody named: `bound` is a proxy's answer as JSON, or None."""

    giver: int
    holder: int
    proxy: bool
    bound: str | None


def rules_of(proposal: Proposal) -> Rules:
    """The rules that the proposal was announced with; none are in force for older terms (R8)."""
    said: Mapping[str, Any] = (proposal.terms or {}).get("delegation") or {}
    num, den = said.get("share", [1, 10])[:2]
    return Rules(
        enabled=bool(said.get("enabled", False)),
        heads=int(said.get("heads", 5)),
        share=Threshold(int(num), int(den), strict=False),
    )


def area_of(proposal: Proposal) -> str:
    """The area that a proposal's action belongs to, as its code says."""
    return str(getattr(action_named(proposal.action), "area", "other"))


def asked(proposal: Proposal, at: datetime) -> dict[str, Any]:
    """The parameters of MEANT for a vote at a moment."""
    return {
        "at": at,
        "area": area_of(proposal),
        "proposal": proposal.pk,
        "enabled": rules_of(proposal).enabled,
        "notice": proposal.notice_at,
    }


def words_for(proposal: Proposal, at: datetime) -> list[Word]:
    """For every giver the one word that counts in this vote at a moment."""
    with connection.cursor() as cursor:
        cursor.execute(EFFECTIVE, asked(proposal, at))
        return [Word(*row) for row in cursor.fetchall()]
