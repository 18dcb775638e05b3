"""Open or close a pool for purchases of its shares."""

from typing import ClassVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.errors import BadPayload, NothingToChange
from members.models import User
from policies.queries import policy
from policies.services import set_policy
from titles.queries import free_units, promised_units

KEY = "subscriptions_open"


class Purchases(Action):
    """`pool` is a pool's code; what was bought or reserved before stays as it is."""

    opens: ClassVar[bool]
    area = "prices"
    schema: ClassVar[dict[str, type]] = {"pool": str}

    def check(self, payload: Payload) -> None:
        """The pool exists, and it is not so already."""
        if not Pool.objects.filter(code=payload["pool"]).exists():
            raise BadPayload
        if is_open(payload["pool"]) == self.opens:
            raise NothingToChange

    def dry_run(self, payload: Payload) -> Effect:
        """Open or closed, now and then; shares that are free and that are promised."""
        pool = Pool.objects.get(code=payload["pool"])
        return {
            **payload,
            "before": is_open(pool.code),
            "after": self.opens,
            "free": free_units(pool),
            "promised": promised_units(pool),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row of policy for the pool."""
        row = set_policy(
            actor=actor, key=KEY, value=self.opens, scope=payload["pool"], source=source
        )
        return [policy_effect(row)]

    def inverse(self, before: Effect) -> Payload | None:
        """The same pool, by the action of the other direction."""
        return {"pool": before["pool"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)


class OpenSubscriptions(Purchases):
    """Members can buy the shares of the pool that nobody holds."""

    key = "open_subscriptions"
    title: ClassVar[Promise] = _("Open purchases")
    about: ClassVar[Promise] = _("Members can buy the shares of a pool that are in its treasury.")
    touches_usage_rights = False
    opens = True
    undone_by = "close_subscriptions"


class CloseSubscriptions(Purchases):
    """Nobody can buy into the pool: that shuts out users too, so they decide as well."""

    key = "close_subscriptions"
    title: ClassVar[Promise] = _("Close purchases")
    about: ClassVar[Promise] = _(
        "Nobody can buy shares of a pool until another vote opens it again. What is reserved "
        "already can still be paid."
    )
    touches_usage_rights = True
    opens = False
    undone_by = "open_subscriptions"


def is_open(pool_code: str) -> bool:
    """Whether the decisions so far let members buy into a pool."""
    return bool(policy(KEY, timezone.now(), pool_code))
