"""What stewards may decide by themselves, and which decision lets them: the rules "… by vote".

Each parameter `<what>_by_vote` says whether the members decide on something by vote only. Where
they left it to the stewards, the stewards' page names the decision that did; where they did not,
the page leads to a proposal (docs/decisions/0037).
"""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise

from members.errors import DecidedByVote
from policies.models import PolicyValue
from policies.queries import in_force, policy
from policies.registry import PARAMETERS


@dataclass(frozen=True)
class Mandate:
    """Whether only a vote may do a thing; `row` is the decision that said so, None the default."""

    key: str
    by_vote: bool
    row: PolicyValue | None

    @property
    def rule(self) -> Promise:
        """The rule as people call it."""
        return PARAMETERS[self.key].title


def mandate(key: str) -> Mandate:
    """The rule in force now on who decides."""
    now = timezone.now()
    return Mandate(key, bool(policy(key, now)), in_force(key, now))


def require_mandate(key: str) -> Mandate:
    """The rule that lets stewards do it; raises DecidedByVote where it leaves it to a vote."""
    found = mandate(key)
    if found.by_vote:
        raise DecidedByVote
    return found
