"""What people type about campaigns."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.names import resource_name
from payments.forms import CentsField, DayInput, fresh_key

MILLI = 1000
YIELDS = "yields_"
MOST_TOKENS = 10**12


def yield_fields() -> dict[str, forms.Field]:
    """A field for each resource: how many whole tokens a planned thing brings in a period."""
    return {
        f"{YIELDS}{resource.code}": forms.IntegerField(
            label=_("%(resource)s per period, in %(unit)s")
            % {"resource": resource_name(resource), "unit": resource.unit},
            required=False,
            min_value=0,
            max_value=MOST_TOKENS,
        )
        for resource in Resource.objects.all()
    }


def capacity_from(data: Mapping[str, Any]) -> dict[str, int]:
    """Millitokens per period by resource code, from what was typed into those fields."""
    return {
        name.removeprefix(YIELDS): amount * MILLI
        for name, amount in data.items()
        if name.startswith(YIELDS) and amount
    }


class PrepayForm(forms.Form):
    """How much to pay ahead."""

    amount = CentsField(
        label=_("How much do you want to pay ahead?"),
        help_text=_("You get the bank details on the next page; nothing is owed before you pay."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, initial=fresh_key)


class CampaignForm(forms.Form):
    """Something that a pool plans to buy."""

    pool = forms.ModelChoiceField(label=_("For which pool?"), queryset=Pool.objects.all())
    name = forms.CharField(label=_("What is it?"), max_length=120)
    kind = forms.CharField(
        label=_("Kind"), max_length=40, help_text=_("mast, fibre, router, server, disk shelf")
    )
    about = forms.CharField(
        label=_("What is it for?"),
        widget=forms.Textarea({"rows": 5}),
        max_length=5000,
        help_text=_("What it brings, where it will stand, who offered it at that price."),
    )
    goal = CentsField(label=_("What it costs"))
    minimum = CentsField(label=_("Smallest payment"))
    planned_on = forms.DateField(label=_("It is to begin its service on"), widget=DayInput())
    closes_on = forms.DateField(label=_("Last day for payments"), widget=DayInput())
    key = forms.CharField(widget=forms.HiddenInput, max_length=40, initial=fresh_key)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(yield_fields())

    def clean(self) -> dict[str, Any]:
        """It yields something, and the smallest payment is one that can be made."""
        data = super().clean() or self.cleaned_data
        data["capacity"] = capacity_from(data)
        if not self.errors and not data["capacity"]:
            raise ValidationError(_("Say what it will yield in a period, at least one resource."))
        goal, minimum = data.get("goal"), data.get("minimum")
        if minimum == 0 or (goal and minimum and minimum > goal):
            self.add_error("minimum", _("It is above zero and not more than all of it costs."))
        if data.get("goal") == 0:
            self.add_error("goal", _("What costs nothing needs no campaign."))
        return data

    def facts(self) -> dict[str, Any]:
        """What the service takes."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "key" and not name.startswith(YIELDS)
        }


class GiveUpForm(forms.Form):
    """Why a campaign is given up."""

    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Everybody who paid reads this sentence. What they paid stays their credit."),
    )
