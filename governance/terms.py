"""The terms of a proposal: everything that policy says about a vote, copied in at notice (R8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from governance.counting import MotionRules, Threshold
from governance.errors import WrongState
from governance.models import Proposal
from policies.queries import policy

USERS, OWNERS = "users", "owners"
ROLL_RULE = "R7: active at notice and at opening; one member, one vote"
SECONDS = ("notice_seconds", "voting_seconds", "timelock_seconds", "expiry_seconds")


@dataclass(frozen=True)
class Terms:
    """Chambers, thresholds and durations of one vote; later policy never reaches it."""

    chambers: tuple[str, ...]
    support: Threshold
    approval: Threshold
    notice_seconds: int
    voting_seconds: int
    timelock_seconds: int
    expiry_seconds: int

    @property
    def rules(self) -> MotionRules:
        """What each chamber must reach."""
        return MotionRules(self.support, self.approval)

    @property
    def voting(self) -> timedelta:
        """How long the ballot stays open."""
        return timedelta(seconds=self.voting_seconds)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored, hashed and shown."""
        return {
            "chambers": list(self.chambers),
            "support": self.support.as_list(),
            "approval": self.approval.as_list(),
            "roll": ROLL_RULE,
            **{name: getattr(self, name) for name in SECONDS},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The terms that `as_json` wrote."""
        return cls(
            chambers=tuple(value["chambers"]),
            support=Threshold.from_list(value["support"]),
            approval=Threshold.from_list(value["approval"]),
            **{name: int(value[name]) for name in SECONDS},
        )


def terms_of(proposal: Proposal) -> Terms:
    """The terms that a proposal was announced with; raises WrongState for a draft."""
    if proposal.terms is None:
        raise WrongState(state=proposal.get_state_display())
    return Terms.from_json(proposal.terms)


def terms_at(at: datetime, *, action: str, touches_usage_rights: bool) -> Terms:
    """The terms that policy gives a vote on this type of action at a moment.

    Policy may speak of one type by the scope "action:<key>". What touches usage rights needs
    both chambers and the longer timelock (R10, R16); the rest is the owners' to decide.
    """
    scope = f"action:{action}"
    timelock = "timelock_rights_seconds" if touches_usage_rights else "timelock_seconds"
    return Terms(
        chambers=(USERS, OWNERS) if touches_usage_rights else (OWNERS,),
        support=Threshold.from_list(policy("support", at, scope)),
        approval=Threshold.from_list(policy("approval_quorum", at, scope)),
        notice_seconds=policy("notice_seconds", at, scope),
        voting_seconds=policy("voting_seconds", at, scope),
        timelock_seconds=policy(timelock, at, scope),
        expiry_seconds=policy("expiry_seconds", at, scope),
    )
