"""Set the rule that the posted prices of a pool follow, with the fraction that belongs to it."""

from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from governance.actions.base import Action, Effect, Payload
from governance.actions.effects import missing_policies, policy_effect
from governance.actions.posted_price import valid_from
from governance.errors import BadPayload
from members.models import User
from policies.models import PolicyValue
from policies.queries import policy
from policies.registry import PARAMETERS
from policies.services import set_policy
from tokens.calendar import month_start
from tokens.coming import start_of_next
from tokens.models import Period
from tokens.plan import plan_yields

RULE, LEAST = "price_rule", "price_min_volume"
POSTED, COST_PLUS, AUCTION = "stewards", "cost_plus", "last_auction"
FRACTIONS = {POSTED: "price_step_down", COST_PLUS: "price_markup", AUCTION: "price_max_change"}
"""the parameter that each rule's fraction is"""


class SetPriceRule(Action):
    """`rule` is one of `price_rule`; `part` is its fraction as [numerator, denominator].

    The fraction is how far the price falls when offers stay unsold (`stewards`), what is added
    to the cost (`cost_plus`), how far an auction moves it at most (`last_auction`). `least` is the
    volume in millitokens that an auction must reach to set the price; 0 with the other rules.
    """

    key = "set_price_rule"
    title: ClassVar[Promise] = _("Set how prices are made")
    about: ClassVar[Promise] = _(
        "Whether a pool's prices are posted by vote, follow from the cost, or from the last "
        "auction; from the next period on."
    )
    touches_usage_rights = True
    area = "prices"
    schema: ClassVar[dict[str, type]] = {"pool": str, "rule": str, "part": list, "least": int}

    def check(self, payload: Payload) -> None:
        """The pool and the rule exist, and the numbers have their shapes."""
        known = Pool.objects.filter(code=payload["pool"]).exists()
        if not known or not PARAMETERS[RULE].accepts(payload["rule"]):
            raise BadPayload
        if not all(PARAMETERS[key].accepts(value) for key, value in values(payload).items()):
            raise BadPayload
        if payload["rule"] != AUCTION and payload["least"]:
            raise BadPayload

    def dry_run(self, payload: Payload) -> Effect:
        """The rule now and then, and every price (micro-cents per token) if a period opened now."""
        pool = payload["pool"]
        before = {key: policy(key, timezone.now(), pool) for key in (RULE, *FRACTIONS.values())}
        now, then = prices_of(pool), _prices_under(payload)
        return {
            **payload,
            "before": before[RULE],
            "part_before": before[FRACTIONS[before[RULE]]],
            "least_before": policy(LEAST, timezone.now(), pool),
            "after": payload["rule"],
            "prices": [
                {"resource": code, "before": price, "after": then[code]}
                for code, price in now.items()
            ],
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The rows of policy that the next period's opening reads."""
        return [policy_effect(row) for row in _set(payload, actor, source)]

    def inverse(self, before: Effect) -> Payload | None:
        """The rule as it was, with its fraction."""
        rule = before["before"]
        least = before["least_before"] if rule == AUCTION else 0
        return {"pool": before["pool"], "rule": rule, "part": before["part_before"], "least": least}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Policy rows that are not there."""
        return missing_policies(effects, source)


def values(payload: Payload) -> dict[str, Any]:
    """The parameters that a payload sets."""
    rule = payload["rule"]
    found = {RULE: rule, FRACTIONS[rule]: payload["part"]}
    return found | ({LEAST: payload["least"]} if rule == AUCTION else {})


def _set(payload: Payload, actor: User | None, source: str) -> list[PolicyValue]:
    scope, since = payload["pool"], valid_from()
    return [
        set_policy(actor=actor, key=key, value=value, scope=scope, valid_from=since, source=source)
        for key, value in values(payload).items()
    ]


def prices_of(pool_code: str) -> dict[str, int]:
    """What a token of each resource would cost in the next period if it opened now."""
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    start = start_of_next(running) if running else month_start(timezone.now())
    plans = plan_yields(start=start)
    return {p.resource.code: p.rates.price for p in plans if p.pool.code == pool_code}


def _prices_under(payload: Payload) -> dict[str, int]:
    with transaction.atomic():
        _set(payload, None, "dry run")
        found = prices_of(payload["pool"])
        transaction.set_rollback(True)
    return found
