"""What makes two pieces of evidence the same facts (R17)."""

import hashlib
import re
import unicodedata
from datetime import timedelta

from django.utils import timezone

from governance.errors import SameFacts
from governance.models import Emergency
from metering.models import Node, NodeStateChange
from policies.queries import policy

Trigger = NodeStateChange.Trigger
NOTHING_NEW = (
    Trigger.DECIDED,
    Trigger.VOTED,
    Trigger.LAPSED,
    Trigger.HEARD,
    Trigger.SILENCE,
    Trigger.ENROLLED,
)
"""Changes that people or time bring: no new fact against a node stands in them."""
REFERENCE = re.compile(r"\b[0-9a-f]{16,}\b")
SPACES = re.compile(r"\W+")


def facts_digest(evidence: str) -> str:
    """SHA-256, in hex, of the words of evidence: spaces, case and punctuation make no new facts."""
    words = unicodedata.normalize("NFKC", evidence).casefold()
    return hashlib.sha256(SPACES.sub(" ", words).strip().encode()).hexdigest()


def references_in(evidence: str) -> set[str]:
    """The hashes, chain values and keys that evidence names."""
    return set(REFERENCE.findall(evidence.casefold()))


def require_new_facts(node: Node, evidence: str) -> None:
    """Raise SameFacts where the evidence has served, or names nothing that has not served.

    A call that lapsed served nothing: else one steward could call to wear evidence out.
    After an emergency that was not ratified the node's own record has to show something new for
    as long as `quarantine_days`; whoever has other reasons proposes a vote.
    """
    used = Emergency.objects.exclude(state=Emergency.State.LAPSED)
    if used.filter(evidence_sha256=facts_digest(evidence)).exists():
        raise SameFacts
    earlier = list(used.filter(node=node))
    named, served = references_in(evidence), [references_in(one.evidence) for one in earlier]
    if named and named <= set().union(*served):
        raise SameFacts
    reverted = [one for one in earlier if one.state == Emergency.State.REVERTED]
    if reverted and not _has_something_new(node, reverted[-1]):
        raise SameFacts


def _has_something_new(node: Node, reverted: Emergency) -> bool:
    now = timezone.now()
    since = reverted.in_force_from or reverted.at
    if since < now - timedelta(days=policy("quarantine_days", now)):
        return True
    newer = NodeStateChange.objects.filter(node=node, at__gt=since)
    return newer.exclude(trigger__in=NOTHING_NEW).exists()
