"""Retire or sell an asset: it brings nothing more, and its value leaves the books."""

from typing import Any, ClassVar

from django.db.models import Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assets.errors import WrongStep
from assets.models import Asset, Depreciation, Disposal
from assets.register import yields_of
from assets.services import end_asset
from assets.services.steps import ENDS, RETIRED, SOLD, STEPS
from governance.actions.base import Action, Effect, Payload
from governance.actions.rehearsal import postings
from governance.errors import BadPayload
from members.models import User
from policies.registry import MOST_CENTS

LONGEST = 300


class RetireAsset(Action):
    """`asset` is an id, `to` is retired or sold, `proceeds` cents, `reason` stands in its history.

    The day is that of the execution. Units stay: they are the members'.
    """

    key = "retire_asset"
    title: ClassVar[Promise] = _("Retire or sell an asset")
    about: ClassVar[Promise] = _(
        "It brings nothing more from the day on which it is carried out, and what it was still "
        "worth leaves the books. Its shares stay."
    )
    touches_usage_rights = True
    area = "assets"
    schema: ClassVar[dict[str, type]] = {
        "asset": int,
        "to": str,
        "proceeds": int,
        "reason": str,
    }

    def check(self, payload: Payload) -> None:
        """The asset is there and can go this way, for a reason; only a sale fetches something."""
        asset, to = known_asset(payload), payload["to"]
        good = (
            to in (RETIRED, SOLD)
            and 0 < len(payload["reason"].strip()) <= LONGEST
            and 0 <= payload["proceeds"] <= MOST_CENTS
            and (to == SOLD or not payload["proceeds"])
        )
        if not good:
            raise BadPayload
        if to not in STEPS[asset.state]:
            wanted = Asset.State(to).label
            raise WrongStep(asset=asset.name, state=asset.get_state_display(), wanted=wanted)

    def dry_run(self, payload: Payload) -> Effect:
        """What it cost, what of that is written off, what it brings no more, and the postings."""
        asset = known_asset(payload)
        today = timezone.localdate()
        gone = Depreciation.objects.filter(plan__asset=asset)
        return {
            **payload,
            "name": asset.name,
            "code": asset.code,
            "pool": asset.pool.code,
            "cost": asset.cost if asset.txn_id is not None else 0,
            "written_off": gone.aggregate(n=Sum("amount", default=0))["n"],
            "lost": brought_by(asset, today),
            "units": asset.units_created,
            "postings": postings(lambda: _end(payload, None, "dry run")),
        }

    def execute(self, payload: Payload, *, actor: User | None, source: str) -> list[Effect]:
        """The asset off the register of what serves, its value out of the books."""
        asset = _end(payload, actor, source)
        gone = asset.disposal
        return [
            {
                "kind": "asset_end",
                "id": asset.pk,
                "name": asset.name,
                "state": asset.state,
                "txn": gone.txn_id,
                "proceeds": gone.proceeds,
                "written_off": gone.written_off,
                "cost": gone.cost,
            }
        ]

    def inverse(self, before: Effect) -> Payload | None:
        """What is gone is bought anew."""
        return None

    def missing(self, effects: list[Effect], source: str) -> list[str]:
        """Assets that did not end as the execution noted it."""
        return [
            f"{source}: asset {effect['id']} did not end as executed"
            for effect in effects
            if not Disposal.objects.filter(
                asset=effect["id"],
                asset__state__in=ENDS,
                txn_id=effect["txn"],
                cost=effect["cost"],
                proceeds=effect["proceeds"],
            ).exists()
        ]


def known_asset(payload: Payload) -> Asset:
    """The asset that a payload names by id; raises BadPayload."""
    found = Asset.objects.filter(pk=payload["asset"]).select_related("pool").first()
    if found is None:
        raise BadPayload
    return found


def _end(payload: Payload, actor: User | None, source: str) -> Asset:
    return end_asset(
        asset_id=payload["asset"],
        to=Asset.State(payload["to"]),
        on=timezone.localdate(),
        reason=payload["reason"].strip(),
        proceeds=payload["proceeds"],
        actor=actor,
        key=source,
    )


def brought_by(asset: Asset, day: Any) -> list[dict[str, Any]]:
    """What an asset brings per period on a day: millitokens by resource."""
    found = yields_of([asset.pk], day).get(asset.pk, [])
    return [{"resource": row.resource.code, "amount": row.normal} for row in found]
