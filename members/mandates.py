"""What stewards may decide by themselves, and which decision lets them: the rules "… by vote".

Each parameter `<what>_by_vote` says whether the members decide on something by vote only. Where
they left it to the stewards, the stewards' page names the decision that did; where they did not,
the page leads to a proposal (docs/decisions/0037).
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from members.errors import DecidedByVote
from members.models import Member, MemberEvent
from members.queries import AGAINST
from policies.models import PolicyValue
from policies.queries import in_force, policy
from policies.registry import PARAMETERS

BY_VOTE = "proposal:"
Reason = MemberEvent.Reason
TAKES_BACK = (Reason.REINSTATEMENT, Reason.APPEAL)
RULES: dict[tuple[str, str], str] = {
    (Member.State.ACTIVE, Reason.ADMISSION): "admission_by_vote",
    (Member.State.SUSPENDED, Reason.SUSPENSION): "suspension_by_vote",
    (Member.State.EXPELLED, Reason.EXPULSION): "expulsion_by_vote",
    (Member.State.EXPELLED, Reason.DEFAULT): "expulsion_by_vote",
}
"""the rule on who decides, by what a member becomes and why"""


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


def require_undoable(member: Member, reason: str) -> None:
    """Refuse to stewards what takes back a vote on a member; a mistake may be corrected.

    Raises DecidedByVote.
    """
    if reason in TAKES_BACK and is_against_by_vote(member):
        raise DecidedByVote


def is_against_by_vote(member: Member) -> bool:
    """Whether a vote brought the member into the state that they are in."""
    last = MemberEvent.objects.filter(member=member).order_by("-pk").first()
    return last is not None and last.to_state in AGAINST and last.source.startswith(BY_VOTE)


def takes_a_vote(member: Member, to: str, reason: str) -> bool:
    """Whether the rules leave this change of a member to a vote."""
    rule = RULES.get((to, reason))
    if rule is not None:
        return mandate(rule).by_vote
    return reason in TAKES_BACK and is_against_by_vote(member)


def proposing(action: str, **filled: object) -> str:
    """The address of the form that proposes an action, with some of its fields filled in."""
    address = reverse("governance:propose", args=[action])
    return f"{address}?{urlencode(filled)}" if filled else address
