"""The one bounded extension of a vote whose quorum is met late (R14).

It needs nobody's decision: the ballot that meets it brings it about, once.
"""

from datetime import datetime, timedelta

from django.db import connection

from governance.models import Proposal
from governance.queries import rolls_of
from governance.terms import Terms, terms_of

IN_FAVOUR = """
SELECT c.name, coalesce(sum(r.weight), 0)::numeric::text
FROM (SELECT DISTINCT ON (member_id) member_id, choices FROM governance_ballot
      WHERE proposal_id = %(proposal)s AND cast_at < %(before)s
      ORDER BY member_id, index DESC) b
JOIN governance_rollrow r ON r.member_id = b.member_id
JOIN governance_chamber c ON c.id = r.chamber_id AND c.proposal_id = %(proposal)s
WHERE b.choices ->> c.name IN ('for', 'consent')
GROUP BY c.name"""
WITH_A_QUORUM = (Proposal.Kind.MOTION, Proposal.Kind.CONSENT)
MOMENT = timedelta(microseconds=1)


def extend_if_late(proposal: Proposal, at: datetime) -> bool:
    """Move the close of an open vote where R3 is first met in its last hours; whether it was.

    Only where the vote is longer than those hours, and only once: a re-vote can take the quorum
    away and give it back, and moves nothing. Sealed votes have no running count. Call inside a
    transaction, under the proposal's lock, with the ballot of the moment `at` entered.
    """
    terms = terms_of(proposal)
    begins = _last_hours(proposal, terms)
    if begins is None or at < begins or proposal.closes_at is None:
        return False
    if _is_met(proposal, terms, begins) or not _is_met(proposal, terms, at + MOMENT):
        return False
    proposal.extended_at = at
    proposal.closes_at += timedelta(seconds=terms.extension_seconds)
    proposal.save(update_fields=["extended_at", "closes_at"])
    return True


def _last_hours(proposal: Proposal, terms: Terms) -> datetime | None:
    """From when on the quorum is late; None where this vote is not extended."""
    countable = proposal.ballot_kind == Proposal.BallotKind.OPEN and proposal.kind in WITH_A_QUORUM
    longer = 0 < terms.extension_seconds < terms.voting_seconds
    if not countable or not longer or proposal.extended_at or proposal.closes_at is None:
        return None
    return proposal.closes_at - timedelta(seconds=terms.extension_seconds)


def _is_met(proposal: Proposal, terms: Terms, before: datetime) -> bool:
    """Whether every chamber met R3 by the ballots cast before a moment."""
    with connection.cursor() as cursor:
        cursor.execute(IN_FAVOUR, {"proposal": proposal.pk, "before": before})
        has = {name: int(weight) for name, weight in cursor.fetchall()}
    return all(terms.approval.is_met(has.get(r.chamber, 0), r.weight) for r in rolls_of(proposal))
