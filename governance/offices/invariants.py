"""What proves that offices follow from decisions, and emergencies from signatures and votes."""

from ledger.invariants import broken

TERM_WITHOUT = """
SELECT format('term %s of member %s comes from %s, which gave nobody an office',
              t.id, t.member_id, t.source)
FROM governance_term t
WHERE NOT EXISTS (
  SELECT FROM governance_execution e
  WHERE 'proposal:' || e.proposal_id = t.source AND e.refusal = ''
    AND e.effects @> jsonb_build_array(jsonb_build_object('kind', 'office', 'id', t.id)))
ORDER BY t.id"""
RECALL_WITHOUT = """
SELECT format('vote %s is a recall that no petition called', p.id) FROM governance_proposal p
WHERE (p.because = 'recall' OR p.action IN ('recall_steward', 'recall_auditor'))
  AND p.state NOT IN ('draft', 'withdrawn')
  AND NOT EXISTS (SELECT FROM governance_petition q WHERE q.proposal_id = p.id)
ORDER BY p.id"""
EMERGENCY_WITHOUT = """
SELECT format('emergency %s is %s without its vote', e.id, e.state)
FROM governance_emergency e LEFT JOIN governance_certificate c ON c.proposal_id = e.proposal_id
WHERE e.state NOT IN ('called', 'lapsed') AND e.proposal_id IS NULL
   OR e.state = 'ratified' AND c.passed IS NOT TRUE OR e.state = 'reverted' AND c.passed
UNION ALL
SELECT format('emergency %s was not ratified, and steward %s has kept the power',
              e.id, s.steward_id)
FROM governance_emergency e JOIN governance_emergencysignature s ON s.emergency_id = e.id
LEFT JOIN governance_lostpower l ON l.emergency_id = e.id AND l.steward_id = s.steward_id
WHERE e.state = 'reverted' AND l.id IS NULL
UNION ALL
SELECT format('steward %s lost the power over emergency %s, which is %s',
              l.steward_id, e.id, e.state)
FROM governance_lostpower l JOIN governance_emergency e ON e.id = l.emergency_id
WHERE e.state <> 'reverted'"""
QUARANTINE_WITHOUT = """
SELECT format('node %s was quarantined by %s, which is not in force or lasts shorter',
              c.node_id, c.source)
FROM metering_nodestatechange c
LEFT JOIN governance_emergency e
  ON 'emergency:' || e.id = c.source AND e.node_id = c.node_id AND e.until >= c.until
 AND e.in_force_from IS NOT NULL
WHERE c.state = 'quarantined' AND c.source LIKE 'emergency:%' AND e.id IS NULL
ORDER BY c.id"""


def offices_follow_from_decisions() -> list[str]:
    """Every term was given by a vote that was carried out, every recall called by a petition."""
    return broken(TERM_WITHOUT) + broken(RECALL_WITHOUT)


def emergencies_follow_from_votes() -> list[str]:
    """What was ratified or reverted was voted so, with its consequences; no node without one."""
    return broken(EMERGENCY_WITHOUT) + broken(QUARANTINE_WITHOUT)


INVARIANTS = [offices_follow_from_decisions, emergencies_follow_from_votes]
