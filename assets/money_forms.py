"""What people type about costs, bills and depreciation."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Bill, Pool, Resource
from assets.names import resource_name
from payments.forms import CentsField, DayInput

MOST_WEIGHT = 10**6
MOST_MONTHS = 1200


class WeightField(forms.CharField):
    """The whole number by which a resource bears a cost; empty or 0 where it bears none."""

    def __init__(self, resource: Resource) -> None:
        label = _("Weight of %(resource)s") % {"resource": resource_name(resource)}
        widget = forms.TextInput({"inputmode": "numeric"})
        super().__init__(label=label, required=False, max_length=7, widget=widget)

    def clean(self, value: Any) -> Any:
        """An int from 0 on."""
        text = super().clean(value).strip() or "0"
        if not re.fullmatch("[0-9]+", text) or int(text) > MOST_WEIGHT:
            raise ValidationError(_("A weight is a whole number, like 3."), code="weight")
        return int(text)


class WeightedForm(forms.Form):
    """A form that splits a cost over resources by whole weights."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = {f"weight_{r.code}": r.code for r in Resource.objects.all()}
        for resource in Resource.objects.all():
            self.fields[f"weight_{resource.code}"] = WeightField(resource)

    def clean(self) -> dict[str, Any]:
        """At least one resource bears the cost."""
        data = super().clean() or self.cleaned_data
        weights = {code: data.get(name) or 0 for name, code in self.codes.items()}
        if not self.errors and not any(weights.values()):
            raise ValidationError(_("Say which resource bears it: give at least one a weight."))
        data["weights"] = {code: weight for code, weight in weights.items() if weight}
        return data


class CostLineForm(WeightedForm):
    """A cost that a pool has in every period from a day on."""

    name = forms.CharField(label=_("What is it for?"), max_length=120)
    amount = CentsField(label=_("Amount per period"))
    since = forms.DateField(
        label=_("From which day?"),
        widget=DayInput(),
        help_text=_("A period that is open keeps its budget; the next one counts it."),
    )
    until = forms.DateField(label=_("Until which day?"), required=False, widget=DayInput())
    bill = forms.ModelChoiceField(
        label=_("Bill behind it"), queryset=Bill.objects.none(), required=False
    )
    source = forms.CharField(
        label=_("What decided it, where there is no bill"), required=False, max_length=120
    )

    def __init__(self, *args: Any, pool: Pool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bill"].queryset = Bill.objects.filter(pool=pool)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Something stands behind every cost, and it ends after it begins."""
        data = super().clean()
        if not data.get("bill") and not data.get("source"):
            self.add_error("source", _("Name the bill or the decision behind this cost."))
        since, until = data.get("since"), data.get("until")
        if since and until and until <= since:
            self.add_error("until", _("It ends after it begins."))
        return data


class EndForm(forms.Form):
    """The day on which a cost ends."""

    until = forms.DateField(label=_("It ends on"), widget=DayInput(), initial=timezone.localdate)


class BillForm(forms.Form):
    """A supplier's bill."""

    supplier = forms.CharField(label=_("Supplier"), max_length=120)
    number = forms.CharField(label=_("Number on the bill"), max_length=60)
    issued_on = forms.DateField(label=_("Day of the bill"), widget=DayInput())
    amount = CentsField(label=_("Amount"))
    purpose = forms.ChoiceField(label=_("What for?"), choices=Bill.For.choices)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
    asset = forms.ModelChoiceField(
        label=_("Asset it belongs to"), queryset=Asset.objects.none(), required=False
    )

    def __init__(self, *args: Any, pool: Pool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asset"].queryset = Asset.objects.filter(pool=pool)  # type: ignore[attr-defined]


class PlanForm(WeightedForm):
    """How an asset is written off from a day on."""

    since = forms.DateField(label=_("From which day?"), widget=DayInput())
    months = forms.IntegerField(
        label=_("Over how many months?"), min_value=1, max_value=MOST_MONTHS
    )
    source = forms.CharField(label=_("What decided it"), max_length=120)


class DayForm(forms.Form):
    """The day of which values are asked."""

    day = forms.DateField(label=_("As of"), widget=DayInput())
