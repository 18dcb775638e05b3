"""What people type about vouchers: what, how much, where and when; and what a steward found."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool
from metering.conversion import raw_unit
from metering.models import Node
from metering.services import Slot
from metering.services.states import RATED
from tokens.forms import TokenField, YieldChoice
from tokens.given_forms import MomentField
from tokens.models import Period, Yield
from tokens.queries import yields_of
from tokens.services.vouchers import first_second, last_second

NODE, ASSET = "node", "asset"


class VoucherForm(forms.Form):
    """Take own unused tokens out for a node, or for the nodes of an asset."""

    yields = YieldChoice(queryset=Yield.objects.none(), label=_("What"), empty_label=None)
    amount = TokenField(label=_("How much"))
    place = forms.ChoiceField(
        label=_("Honoured by"),
        help_text=_("Only this node, or the nodes that stand for this asset, take the voucher."),
    )
    not_before = MomentField(label=_("Good from"))
    not_after = MomentField(label=_("Good until"))
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, period: Period, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.period = period
        self.rows = [row for row in yields_of(period) if raw_unit(row.resource.unit)]
        found = yields_of(period).filter(pk__in=[row.pk for row in self.rows])
        self.fields["yields"].queryset = found  # type: ignore[attr-defined]
        pools = {row.pool_id for row in self.rows}
        self.fields["place"].choices = places_of(pools)  # type: ignore[attr-defined]

    def clean_not_before(self) -> datetime:
        """From the period's own first second where its first minute was chosen."""
        begins: datetime = self.cleaned_data["not_before"]
        return max(begins, first_second(self.period)) if is_now(begins) else begins

    def clean_not_after(self) -> datetime:
        """Until the period's own last second where its last minute was chosen."""
        ends: datetime = self.cleaned_data["not_after"]
        return min(ends, last_second(self.period))

    def clean(self) -> dict[str, Any]:
        """The node or asset must be of the pool whose tokens are taken out."""
        data = super().clean() or self.cleaned_data
        row, place = data.get("yields"), data.get("place", "")
        if row is not None and place and pool_of(place) not in (None, row.pool_id):
            self.add_error("place", ValidationError(_("This does not belong to that pool.")))
        return data

    def slot(self) -> Slot:
        """Where and when the voucher is to be good."""
        kind, _colon, key = self.cleaned_data["place"].partition(":")
        return Slot(
            not_before=self.cleaned_data["not_before"],
            not_after=self.cleaned_data["not_after"],
            node=Node.objects.get(pk=key) if kind == NODE else None,
            asset=Asset.objects.get(pk=key) if kind == ASSET else None,
        )


if TYPE_CHECKING:
    AssetField = forms.ModelChoiceField[Asset]
else:
    AssetField = forms.ModelChoiceField


class AssetForm(forms.Form):
    """Which asset a node stands for."""

    asset = AssetField(
        queryset=Asset.objects.none(),
        label=_("Stands for the asset"),
        required=False,
        empty_label=_("none"),
        help_text=_("It honours the vouchers that members take out for this asset."),
    )

    def __init__(self, node: Node, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["asset"].initial = node.asset_id
        here = Asset.objects.filter(state="in_service").order_by("name")
        found = here if node.pool_id is None else here.filter(pool=node.pool_id)
        self.fields["asset"].queryset = found  # type: ignore[attr-defined]


class LookedForm(forms.Form):
    """What a steward found about a voucher that was presented twice."""

    note = forms.CharField(label=_("What it was"), max_length=300)


def is_now(moment: datetime) -> bool:
    """Whether a moment lies in the minute that is running, or before it."""
    return moment <= timezone.now() + timedelta(minutes=1)


def places_of(pools: set[int]) -> list[tuple[str, str]]:
    """Active nodes and present assets of these pools, as values and names of a choice."""
    nodes = Node.objects.filter(state__in=RATED)
    here = [n for n in nodes.order_by("label") if n.pool_id is None or n.pool_id in pools]
    assets = Asset.objects.filter(pool__in=pools, state="in_service").select_related("pool")
    return [
        *((f"{NODE}:{node.pk}", node.label) for node in here),
        *((f"{ASSET}:{a.pk}", f"{a.name}, {a.pool.name}") for a in assets.order_by("pool", "name")),
    ]


def pool_of(place: str) -> int | None:
    """The pool that a place belongs to; None for a node of no pool."""
    kind, _colon, key = place.partition(":")
    found: Pool | None
    if kind == NODE:
        found = Node.objects.select_related("pool").get(pk=key).pool
    else:
        found = Asset.objects.select_related("pool").get(pk=key).pool
    return None if found is None else found.pk


def first_values(period: Period) -> dict[str, datetime]:
    """What the form offers: from now until the period's end."""
    now = timezone.localtime().replace(second=0, microsecond=0)
    end = timezone.localtime(period.end).replace(second=0, microsecond=0)
    return {"not_before": now, "not_after": end}
