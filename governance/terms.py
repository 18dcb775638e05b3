"""The terms of a proposal: everything that policy says about a vote, copied in at notice (R8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from governance.actions import Action, action_named
from governance.counting import MotionRules, Threshold
from governance.errors import WrongState
from governance.models import Proposal
from governance.offices.ratifying import ratifying
from policies.queries import policy

USERS, OWNERS = "users", "owners"
ROLL_RULE = "R7: active at notice and at opening; one member, one vote"
BY_SHARES = "R7: active at notice and at opening; owners by shares, up to the cap (R9)"
SECONDS = ("notice_seconds", "voting_seconds", "timelock_seconds", "expiry_seconds")
LATER_SECONDS = ("extension_seconds", "reconcile_seconds", "review_seconds", "halt_seconds")
NOBODY_ASKED = Threshold(0, 1, strict=False)
TENTH, TWENTIETH = Threshold(1, 10, strict=False), Threshold(1, 20, strict=False)
TWO_THIRDS = Threshold(2, 3, strict=False)


@dataclass(frozen=True)
class Speaking:
    """How far one voter may speak for others (R12, R13): so many heads, such a share of weight.

    `enabled` is about delegations that lead on; proxies are always possible.
    """

    enabled: bool = False
    heads: int = 5
    share: Threshold = TENTH

    def as_json(self) -> dict[str, Any]:
        """The form that is stored, hashed and shown."""
        return {"enabled": self.enabled, "heads": self.heads, "share": self.share.as_list()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        return cls(bool(value["enabled"]), int(value["heads"]), Threshold.from_list(value["share"]))


@dataclass(frozen=True)
class Terms:
    """Chambers, thresholds and durations of one vote; later policy never reaches it.

    `users_alone` is what users must reach to carry by themselves, in a second vote, what
    `protects` a usage right (R11). `objection` is the share of users that calls them in (R10).
    `owner_cap` is the part of all shares that one owner's vote may weigh at most, where owners vote
    by shares; None is one member, one vote (R9). The defaults are what votes had before a field
    existed.
    """

    chambers: tuple[str, ...]
    support: Threshold
    approval: Threshold
    notice_seconds: int
    voting_seconds: int
    timelock_seconds: int
    expiry_seconds: int
    participation: Threshold | None = None
    scale: int = 5
    objection: Threshold = TWENTIETH
    users_alone: Threshold = TWO_THIRDS
    protects: bool = False
    special: bool = False
    square_root: bool = False
    owner_cap: Threshold | None = None
    delegation: Speaking = Speaking()
    extension_seconds: int = 0
    reconcile_seconds: int = 14 * 86_400
    review_seconds: int = 365 * 86_400
    halt_seconds: int = 7 * 86_400

    @property
    def rules(self) -> MotionRules:
        """What each chamber must reach."""
        return MotionRules(self.support, self.approval, self.participation)

    @property
    def voting(self) -> timedelta:
        """How long the ballot stays open."""
        return timedelta(seconds=self.voting_seconds)

    def as_json(self) -> dict[str, Any]:
        """The form that is stored, hashed and shown."""
        asked = self.participation
        return {
            "chambers": list(self.chambers),
            "support": self.support.as_list(),
            "approval": self.approval.as_list(),
            "participation": None if asked is None else asked.as_list(),
            "scale": self.scale,
            "objection": self.objection.as_list(),
            "users_alone": self.users_alone.as_list(),
            "protects": self.protects,
            "special": self.special,
            "square_root": self.square_root,
            "delegation": self.delegation.as_json(),
            "owner_cap": None if self.owner_cap is None else self.owner_cap.as_list(),
            "roll": ROLL_RULE if self.owner_cap is None else BY_SHARES,
            **{name: getattr(self, name) for name in (*SECONDS, *LATER_SECONDS)},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The terms that `as_json` wrote, now or before there were some of the fields."""
        return cls(
            chambers=tuple(value["chambers"]),
            support=Threshold.from_list(value["support"]),
            approval=Threshold.from_list(value["approval"]),
            **dict[str, Any]({name: value[name] for name in SECONDS}),
            **_later(value),
        )


def _later(value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that older votes do not have."""
    found: dict[str, Any] = {
        name: Threshold.from_list(value[name])
        for name in ("participation", "objection", "users_alone", "owner_cap")
        if value.get(name) is not None
    }
    plain = ("scale", "protects", "special", "square_root", *LATER_SECONDS)
    found |= {name: value[name] for name in plain if name in value}
    if "delegation" in value:
        found["delegation"] = Speaking.from_json(value["delegation"])
    return found


def terms_of(proposal: Proposal) -> Terms:
    """The terms that a proposal was announced with; raises WrongState for a draft."""
    if proposal.terms is None:
        raise WrongState(state=proposal.get_state_display())
    return Terms.from_json(proposal.terms)


def terms_for(proposal: Proposal, at: datetime) -> Terms:
    """The terms that policy gives this proposal at a moment.

    Policy may speak of one type of action by the scope "action:<key>". What touches usage rights
    needs both chambers and the longer timelock (R10, R16); the rest is the owners' to decide.
    """
    action = action_named(proposal.action)
    scope = f"action:{action.key}"
    terms = Terms(
        chambers=chambers_for(action, proposal.because),
        **_thresholds(action, at, scope),
        **_times(action, proposal.payload, at, scope),
        scale=policy("score_scale", at, scope),
        protects=action.protects_usage_right,
        special=action.special,
        square_root=policy("square_root_quorum", at, scope),
        owner_cap=_owner_cap(at),
        delegation=Speaking(
            policy("delegation_enabled", at),
            policy("proxy_heads", at),
            _share(policy("proxy_share", at)),
        ),
    )
    is_ratifying = proposal.because == Proposal.Because.RATIFICATION
    return ratifying(terms, proposal, at) if is_ratifying else terms


def chambers_for(action: Action, because: str = "") -> tuple[str, ...]:
    """The chambers that decide an action; a vote that objections brought is the users' (R10)."""
    if because == Proposal.Because.OBJECTION:
        return (USERS,)
    if action.chambers is not None:
        return action.chambers
    return (USERS, OWNERS) if action.touches_usage_rights else (OWNERS,)


def _thresholds(action: Action, at: datetime, scope: str) -> dict[str, Any]:
    asked = Threshold.from_list(policy("participation", at, scope))
    return {
        "support": Threshold.from_list(
            policy("special_support" if action.special else "support", at, scope)
        ),
        "approval": Threshold.from_list(policy("approval_quorum", at, scope)),
        "participation": None if asked == NOBODY_ASKED else asked,
        "objection": _share(policy("objection_share", at, scope)),
        "users_alone": Threshold.from_list(policy("users_alone", at)),
    }


def _owner_cap(at: datetime) -> Threshold | None:
    by_shares = policy("owner_weights", at) == "shares"
    return _share(policy("owner_weight_cap", at)) if by_shares else None


def _share(value: list[int]) -> Threshold:
    return Threshold.from_list([*value, False])


def _times(action: Action, payload: dict[str, Any], at: datetime, scope: str) -> dict[str, Any]:
    notice = "special_notice_seconds" if action.special else "notice_seconds"
    return {
        "notice_seconds": policy(notice, at, scope),
        "voting_seconds": policy("voting_seconds", at, scope),
        "timelock_seconds": _timelock(action, payload, at, scope),
        "expiry_seconds": policy("expiry_seconds", at, scope),
        **{name: policy(name, at, scope) for name in LATER_SECONDS},
    }


def _timelock(action: Action, payload: dict[str, Any], at: datetime, scope: str) -> int:
    """R16: what changes how votes are held waits for the longest of the times."""
    ordinary: int = policy("timelock_seconds", at, scope)
    of_rights: int = policy("timelock_rights_seconds", at, scope)
    if action.governs(payload):
        return max(ordinary, of_rights)
    return of_rights if action.touches_usage_rights else ordinary
