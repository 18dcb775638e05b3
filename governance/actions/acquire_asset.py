"""Buy an asset from a pool's growth fund, for a campaign or without one."""

from datetime import date
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.accounts import money_account
from assets.errors import GrowthFundTooSmall
from assets.models import Asset, Pool, Resource
from governance.actions.base import Action, Effect, Payload
from governance.actions.rehearsal import postings
from governance.errors import BadPayload
from ledger.queries import balance_of
from members.models import User
from policies.queries import policy
from titles.campaigns import kept_for_campaigns
from titles.errors import CampaignOver, KeptForCampaigns
from titles.exit_queries import owed_out
from titles.models import Campaign
from titles.services import acquire

MOST_CENTS = 10**12
LONGEST = 120


class AcquireAsset(Action):
    """`cost` in cents, `capacity` in millitokens per period by resource, `since` an ISO day.

    With a `campaign` (its id, else 0) what was paid ahead for it is served first.
    """

    key = "acquire_asset"
    title = _("Buy an asset from the growth fund")
    about = _("A thing for a pool, paid from what members invested; its shares go to them.")
    touches_usage_rights = False
    area = "assets"
    schema: ClassVar[dict[str, type]] = {
        "pool": str,
        "name": str,
        "kind": str,
        "cost": int,
        "capacity": dict,
        "since": str,
        "campaign": int,
    }

    def check(self, payload: Payload) -> None:
        """The facts have their shapes, and the growth fund holds the cost."""
        pool = _pool(payload)
        _require_shapes(payload)
        campaign = _campaign(payload, pool)
        held = balance_of(money_account("cash:growth", pool))
        kept = kept_for_campaigns(pool, but=campaign) + owed_out(pool)
        if held < payload["cost"]:
            raise GrowthFundTooSmall(pool=pool.name, held=held, cost=payload["cost"])
        if held - kept < payload["cost"]:
            raise KeptForCampaigns(held=held, kept=kept, cost=payload["cost"])

    def dry_run(self, payload: Payload) -> Effect:
        """The cost, the new units at today's price, what the growth fund has left, the postings."""
        pool = _pool(payload)
        price: int = policy("issue_price", timezone.now(), pool.code)
        held = balance_of(money_account("cash:growth", pool))
        return {
            **payload,
            "units": payload["cost"] // price,
            "price": price,
            "held": held,
            "left": held - payload["cost"],
            "postings": postings(lambda: _acquire(payload, None, "dry run")),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The purchase with all that follows from it: units, titles for credit, the treasury."""
        asset = _acquire(payload, actor, source)
        return [{"kind": "asset", "id": asset.pk, "txn": asset.txn_id, "cost": asset.cost}]

    def inverse(self, before: Effect) -> Payload | None:
        """What was bought is sold by another decision, which names the asset."""
        return None

    def opposite(self, before: Effect, effects: list[Effect]) -> tuple[str, Payload] | None:
        """The asset that was bought, retired; the reason is the proposer's."""
        bought = [effect["id"] for effect in effects if effect["kind"] == "asset"]
        if not bought:
            return None
        return "retire_asset", {"asset": bought[0], "to": "retired", "proceeds": 0, "reason": ""}

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Assets that are not there as the execution noted them."""
        return [
            f"{source}: asset {effect['id']} is not as executed"
            for effect in effects
            if not Asset.objects.filter(
                pk=effect["id"], txn_id=effect["txn"], cost=effect["cost"]
            ).exists()
        ]


def _acquire(payload: Payload, actor: User | None, source: str) -> Asset:
    return acquire(
        pool=_pool(payload),
        name=payload["name"],
        kind=payload["kind"],
        cost=payload["cost"],
        capacity=payload["capacity"],
        since=date.fromisoformat(payload["since"]),
        campaign_id=payload["campaign"] or None,
        actor=actor,
        key=source,
    )


def _pool(payload: Payload) -> Pool:
    pool = Pool.objects.filter(code=payload["pool"]).first()
    if pool is None:
        raise BadPayload
    return pool


def _campaign(payload: Payload, pool: Pool) -> Campaign | None:
    if not payload["campaign"]:
        return None
    found = Campaign.objects.filter(pk=payload["campaign"], pool=pool).first()
    if found is None:
        raise BadPayload
    if found.state != Campaign.State.OPEN:
        raise CampaignOver(name=found.name)
    return found


def _require_shapes(payload: Payload) -> None:
    words = (payload["name"], payload["kind"])
    capacity: dict[str, Any] = payload["capacity"]
    known = set(Resource.objects.filter(code__in=capacity).values_list("code", flat=True))
    good = (
        0 < payload["cost"] <= MOST_CENTS
        and all(word.strip() and len(word) <= LONGEST for word in words)
        and len(payload["kind"]) <= 40
        and known == set(capacity)
        and all(type(amount) is int and amount > 0 for amount in capacity.values())
    )
    try:
        date.fromisoformat(payload["since"])
    except ValueError:
        good = False
    if not good:
        raise BadPayload
