"""The form of a proposal to retire or sell an asset."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.models import Asset
from assets.services.steps import ENDS, RETIRED, SOLD
from governance.actions.retire_asset import LONGEST
from governance.forms import ProposalForm
from payments.forms import CentsField

if TYPE_CHECKING:
    Choice = forms.ModelChoiceField[Asset]
else:
    Choice = forms.ModelChoiceField


class AssetChoice(Choice):
    """An asset by its name, inventory code and pool."""

    def label_from_instance(self, obj: Asset) -> str:
        """What tells two masts apart."""
        return f"{obj.name} ({obj.code}, {obj.pool.name})"


class RetireForm(ProposalForm):
    """Which asset goes, how, and why."""

    asset = AssetChoice(
        label=_("Which asset?"),
        queryset=Asset.objects.exclude(state__in=ENDS).select_related("pool").order_by("code"),
    )
    to = forms.ChoiceField(
        label=_("What shall become of it?"),
        choices=[(RETIRED, _("retired: it serves no more")), (SOLD, _("sold"))],
        widget=forms.RadioSelect,
    )
    proceeds = CentsField(
        label=_("What the sale fetches"),
        required=False,
        help_text=_("The price that was agreed with the buyer; it joins the pool’s reserve."),
    )
    reason = forms.CharField(
        label=_("Reason for the asset’s history"),
        max_length=LONGEST,
        help_text=_("Everybody can read it there, so name no person."),
    )
    field_order = ("asset", "to", "proceeds", "reason", "title", "text", "key")

    def clean(self) -> dict[str, Any]:
        """Only a sale fetches something."""
        data = super().clean() or self.cleaned_data
        if data.get("proceeds") and data.get("to") == RETIRED:
            self.add_error("proceeds", ValidationError(_("Only a sale fetches something.")))
        return data

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "asset": data["asset"].pk,
            "to": data["to"],
            "proceeds": data["proceeds"] or 0,
            "reason": data["reason"].strip(),
        }
