"""Which word counts for whom at a moment: the most specific one that is in force (R12, R13)."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from governance.actions import action_named
from governance.counting.delegation import Caps
from governance.models import Proposal
from governance.terms import Speaking, terms_of

MEANT = """
      d.made_at < %(at)s AND (d.revoked_at IS NULL OR d.revoked_at >= %(at)s)
  AND (d.until IS NULL OR d.until >= %(at)s)
  AND (d.scope = 'all' OR (d.scope = 'area' AND d.area = %(area)s)
       OR (d.scope = 'proposal' AND d.proposal_id = %(proposal)s))
  AND (d.kind = 'proxy' OR %(enabled)s)
  AND (d.directed IS NULL OR d.made_at >= %(notice)s)"""
"""In force just before the moment `at`. What binds to an answer lapses with the text it was for."""
NARROWEST = "CASE d.scope WHEN 'proposal' THEN 0 WHEN 'area' THEN 1 ELSE 2 END, d.id DESC"
COLUMNS = "d.id, d.giver_id, d.holder_id, d.kind = 'proxy', d.directed::text, d.made_at"
EFFECTIVE = f"""
SELECT DISTINCT ON (d.giver_id) {COLUMNS}
FROM governance_delegation d WHERE {MEANT} ORDER BY d.giver_id, {NARROWEST}"""


class Word(NamedTuple):
    """Whom somebody named: `bound` is a proxy's answer as JSON, or None."""

    id: int
    giver: int
    holder: int
    proxy: bool
    bound: str | None
    since: datetime


def rules_of(proposal: Proposal) -> Speaking:
    """What the terms that a proposal was announced with say of voting for others (R8)."""
    return terms_of(proposal).delegation


def caps_of(proposal: Proposal) -> Caps:
    """How much one voter speaks for at most, besides themselves."""
    rules = rules_of(proposal)
    return Caps(heads=rules.heads, share=rules.share)


def area_of(proposal: Proposal) -> str:
    """The area that a proposal's action belongs to, as its code says."""
    return action_named(proposal.action).area


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
