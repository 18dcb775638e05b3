"""Set a parameter of policy, from a day on, or from its execution."""

from datetime import date, datetime, time
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.errors import BadPayload, OwnAction
from members.models import User
from policies.errors import WrongValue
from policies.queries import policy
from policies.registry import PARAMETERS
from policies.services import set_policy

NEVER_HERE = ("posted_price",)
OF_THEIR_OWN = {
    "issue_price": "set_issue_price",
    "subscriptions_open": "open_subscriptions",
    "price_rule": "set_price_rule",
}
"""what has an action of its own for a pool; here it is set for pools without a word of theirs"""

HOW_WE_DECIDE = frozenset({
    "notice_seconds", "special_notice_seconds", "voting_seconds", "timelock_seconds",
    "timelock_rights_seconds", "expiry_seconds", "support", "special_support",
    "approval_quorum", "participation", "square_root_quorum", "score_scale", "objection_share",
    "owner_weights", "owner_weight_cap", "users_alone", "reconcile_seconds", "extension_seconds",
    "review_seconds", "halt_seconds",
    "delegation_enabled", "proxy_heads", "proxy_share", "delegation_days",
    "admission_by_vote", "expulsion_by_vote", "suspension_by_vote", "retirement_by_vote",
    "bylaws_by_vote", "offices_by_vote", "revocation_by_vote", "steward_seats", "office_days",
    "office_terms", "proposal_backing", "petition_share", "petition_days", "emergency_signatures",
    "emergency_call_seconds", "emergency_seconds", "ratification_notice_seconds",
    "sealed_trustees", "sealed_threshold",
})  # fmt: skip
"""the parameters of votes, offices and powers: what changes them waits for the longest time"""


class SetPolicy(Action):
    """Any parameter of the registry but what a pool has an action of its own for.

    The scope is "" (everywhere where a pool has no word of its own) or a pool's code."""

    key = "set_policy"
    title = _("Change a rule")
    about = _(
        "A parameter of the cooperative's policy, from a day on, at the earliest when decided."
    )
    touches_usage_rights = True
    area = "rules"
    schema: ClassVar[dict[str, type]] = {"key": str, "scope": str, "value": object}

    def governs(self, payload: Payload) -> bool:
        """Whether the parameter says how we decide, and who decides without a vote."""
        return payload.get("key") in HOW_WE_DECIDE

    def read(self, payload: Payload) -> Payload:
        """As the schema says, and a day in ISO form under "from" where one is set."""
        super().read({name: value for name, value in payload.items() if name != "from"})
        day_of(payload)
        return payload

    def check(self, payload: Payload) -> None:
        """The parameter exists, takes this value, and the scope is the site or a pool."""
        parameter = PARAMETERS.get(payload["key"])
        if parameter is None or parameter.key in NEVER_HERE:
            raise BadPayload
        if not parameter.accepts(payload["value"]):
            raise WrongValue(title=parameter.title, shape=parameter.shape)
        if payload["scope"] and parameter.key in OF_THEIR_OWN:
            raise OwnAction(action=parameter.title)
        if payload["scope"] and not Pool.objects.filter(code=payload["scope"]).exists():
            raise BadPayload

    def dry_run(self, payload: Payload) -> Effect:
        """The value now and then."""
        before = policy(payload["key"], moment_of(payload), payload["scope"])
        named = {"from": payload["from"]} if day_of(payload) else {}
        return {
            "key": payload["key"],
            "scope": payload["scope"],
            "before": before,
            "after": payload["value"],
            **named,
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row of policy, in force at once or from the day that the decision names."""
        row = set_policy(
            actor=actor,
            key=payload["key"],
            value=payload["value"],
            scope=payload["scope"],
            valid_from=moment_of(payload),
            source=source,
        )
        return [policy_effect(row)]

    def inverse(self, before: Effect) -> Payload | None:
        """The value as it was."""
        return {"key": before["key"], "scope": before["scope"], "value": before["before"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)


def day_of(payload: Payload) -> date | None:
    """The day from which a decision shall hold; None where it holds at once. Raises BadPayload."""
    try:
        return date.fromisoformat(payload["from"]) if payload.get("from") else None
    except (TypeError, ValueError) as error:
        raise BadPayload from error


def moment_of(payload: Payload) -> datetime:
    """The first moment of that day in the cooperative's timezone, and never before now."""
    day, now = day_of(payload), timezone.now()
    if day is None:
        return now
    return max(now, timezone.make_aware(datetime.combine(day, time.min)))
