"""Set the issue price of a pool: what a share costs, and what one of new assets is counted at."""

from typing import ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from assets.queries import total_units, treasury_units
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.errors import BadPayload, NothingToChange
from members.models import User
from policies.queries import policy
from policies.registry import PARAMETERS
from policies.services import set_policy

KEY = "issue_price"


class SetIssuePrice(Action):
    """`price` is in cents per share of the pool, from the moment of execution on.

    Credit of users becomes shares at this price, so users decide as well.
    """

    key = "set_issue_price"
    title: ClassVar[Promise] = _("Set the price of a share")
    about: ClassVar[Promise] = _(
        "What a share of a pool costs from then on, for buyers and for credit that becomes "
        "shares. Shares that there are stay as they are."
    )
    touches_usage_rights = True
    area = "prices"
    schema: ClassVar[dict[str, type]] = {"pool": str, "price": int}

    def check(self, payload: Payload) -> None:
        """The pool exists, the price has the shape of one, and it is another than now."""
        known = Pool.objects.filter(code=payload["pool"]).exists()
        if not known or not PARAMETERS[KEY].accepts(payload["price"]):
            raise BadPayload
        if policy(KEY, timezone.now(), payload["pool"]) == payload["price"]:
            raise NothingToChange

    def dry_run(self, payload: Payload) -> Effect:
        """The price now and then, in cents, and the shares that there are. Books nothing."""
        pool = Pool.objects.get(code=payload["pool"])
        return {
            **payload,
            "before": policy(KEY, timezone.now(), pool.code),
            "after": payload["price"],
            "units": total_units(pool),
            "treasury": treasury_units(pool),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row of policy for the pool."""
        row = set_policy(
            actor=actor, key=KEY, value=payload["price"], scope=payload["pool"], source=source
        )
        return [policy_effect(row)]

    def inverse(self, before: Effect) -> Payload | None:
        """The price as it was."""
        return {"pool": before["pool"], "price": before["before"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)
