"""Set a parameter of policy, from its execution on."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.errors import BadPayload
from members.models import User
from policies.errors import WrongValue
from policies.queries import policy
from policies.registry import PARAMETERS
from policies.services import set_policy

WITH_ACTION_OF_THEIR_OWN = ("posted_price",)


class SetPolicy(Action):
    """Any parameter of the registry but those with an action of their own; scope "" or a pool."""

    key = "set_policy"
    title = _("Change a rule")
    about = _("A parameter of the cooperative's policy, from the day the decision is carried out.")
    touches_usage_rights = True
    schema: ClassVar[dict[str, type]] = {"key": str, "scope": str, "value": object}

    def check(self, payload: Payload) -> None:
        """The parameter exists, takes this value, and the scope is the site or a pool."""
        parameter = PARAMETERS.get(payload["key"])
        if parameter is None or parameter.key in WITH_ACTION_OF_THEIR_OWN:
            raise BadPayload
        if not parameter.accepts(payload["value"]):
            raise WrongValue(title=parameter.title, shape=parameter.shape)
        if payload["scope"] and not Pool.objects.filter(code=payload["scope"]).exists():
            raise BadPayload

    def dry_run(self, payload: Payload) -> Effect:
        """The value now and then."""
        before = policy(payload["key"], timezone.now(), payload["scope"])
        return {
            "key": payload["key"],
            "scope": payload["scope"],
            "before": before,
            "after": payload["value"],
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row of policy in force at once."""
        row = set_policy(
            actor=actor,
            key=payload["key"],
            value=payload["value"],
            scope=payload["scope"],
            source=source,
        )
        return [policy_effect(row)]

    def inverse(self, before: Effect) -> Payload | None:
        """The value as it was."""
        return {"key": before["key"], "scope": before["scope"], "value": before["before"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)
