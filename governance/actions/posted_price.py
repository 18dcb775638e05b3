"""Set the posted price of one resource of one pool, from the next period on."""

from datetime import datetime
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.queries import capacity_at, cost_at, total_units
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.errors import BadPayload
from members.models import User
from policies.queries import policy
from policies.registry import PARAMETERS
from policies.services import set_policy
from tokens.models import Period
from tokens.rates import opening

KEY = "posted_price"


class SetPostedPrice(Action):
    """The price of a token beyond one's own; `price` is in micro-cents per token."""

    key = "set_posted_price"
    title = _("Set a posted price")
    about = _("What a token costs those who use more than they hold, from the next period on.")
    touches_usage_rights = True
    area = "prices"
    schema: ClassVar[dict[str, type]] = {"pool": str, "resource": str, "price": int}

    def check(self, payload: Payload) -> None:
        """The pool and the resource exist, and the price has the shape of one."""
        known = (
            Pool.objects.filter(code=payload["pool"]).exists()
            and Resource.objects.filter(code=payload["resource"]).exists()
        )
        if not known or not PARAMETERS[KEY].accepts(payload["price"]):
            raise BadPayload

    def dry_run(self, payload: Payload) -> Effect:
        """The price that the next period would have without and with this decision.

        `charged` is what would be charged as things stand: the price, but never below the cost.
        """
        before = policy(KEY, valid_from(), *scopes(payload))
        return {
            **payload,
            "before": before,
            "after": payload["price"],
            "charged": charged(payload),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """One row of policy that the next period's opening reads."""
        row = set_policy(
            actor=actor,
            key=KEY,
            value=payload["price"],
            scope=scopes(payload)[0],
            valid_from=valid_from(),
            source=source,
        )
        return [policy_effect(row)]

    def inverse(self, before: Effect) -> Payload | None:
        """The price as it was."""
        return {"pool": before["pool"], "resource": before["resource"], "price": before["before"]}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)


def scopes(payload: Payload) -> tuple[str, str]:
    return f"{payload['pool']}:{payload['resource']}", payload["pool"]


def charged(payload: Payload) -> int:
    """What a token would cost in a period that opened today under this price."""
    pool = Pool.objects.get(code=payload["pool"])
    resource = Resource.objects.get(code=payload["resource"])
    today = timezone.localdate()
    capacity, normal = capacity_at(pool, resource, today)
    return opening(
        cost=cost_at(pool, today).get(resource.code, 0),
        carried=0,
        issued=capacity if total_units(pool) else 0,
        normal=normal,
        posted=payload["price"],
    ).price


def valid_from() -> datetime:
    """From when the next opening of a period finds the price: now, or where that period starts.

    The running period keeps what was fixed at its own opening. Where it is over and still waits
    for its close, the next one begins at its end, which is earlier than now.
    """
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    now = timezone.now()
    return now if running is None else min(now, running.end)
