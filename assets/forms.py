"""What stewards type about assets: text becomes cents, days and thousandths of tokens here."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, AssetFile, Pool, Resource, UpkeepEntry
from assets.models.things import CODE
from assets.names import resource_name
from members.queries import active_members
from payments.forms import CentsField, DayInput

TOKENS = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,3}))?")
PAID_FROM = [
    ("grant", _("a grant or what members gave")),
    ("loan", _("a loan")),
    ("reserve", _("the replacement reserve")),
]
MOST_MONTHS = 1200


class TokensField(forms.CharField):
    """Tokens, at least `least` thousandths; the cleaned value is those, None where it is empty."""

    least = 0
    words = _("Write an amount like 900 or 0.5, without a sign.")

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"inputmode": "decimal"}))
        super().__init__(max_length=20, **options)

    def clean(self, value: Any) -> Any:
        """Millitokens as an int."""
        text = super().clean(value)
        if not text:
            return None
        found = TOKENS.fullmatch(text.strip())
        amount = int(found[1] + (found[2] or "").ljust(3, "0")) if found else -1
        if amount < self.least:
            raise ValidationError(self.words, code="tokens")
        return amount


class DayField(forms.DateField):
    """A day, picked where the browser can."""

    widget = DayInput


class FactsForm(forms.Form):
    """What an asset is; the places have their own form once it is on the register."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.CharField(
        label=_("Type"), max_length=40, help_text=_("mast, fibre, router, server, disk shelf …")
    )
    code = forms.CharField(
        label=_("Inventory code"),
        max_length=40,
        required=False,
        validators=[CODE],
        help_text=_("Left empty, the register gives one."),
    )
    manufacturer = forms.CharField(label=_("Manufacturer"), max_length=80, required=False)
    model_name = forms.CharField(label=_("Model"), max_length=80, required=False)
    serial = forms.CharField(
        label=_("Serial number"), max_length=80, required=False, help_text=_("For stewards only.")
    )
    cost = CentsField(label=_("Cost"), help_text=_("What it costs, taxes included."))
    purchased_on = DayField(label=_("Bought on"), required=False)
    supplier = forms.CharField(label=_("Supplier"), max_length=120, required=False)
    bill = forms.CharField(label=_("Number of the bill"), max_length=120, required=False)
    warranty_until = DayField(label=_("Warranty until"), required=False)
    useful_months = forms.IntegerField(
        label=_("Useful life in months"), min_value=1, max_value=MOST_MONTHS, initial=60
    )
    salvage = CentsField(
        label=_("Residual value"), initial="0", help_text=_("What it will fetch at its end.")
    )

    def clean(self) -> dict[str, Any]:
        """A residual value within the cost."""
        data = super().clean() or {}
        cost, salvage = data.get("cost"), data.get("salvage")
        if cost is not None and salvage is not None and salvage > cost:
            self.add_error("salvage", _("The residual value is from nothing up to the cost."))
        return data


class PlaceForm(forms.Form):
    """Where an asset stands: coarse for everybody, exact for stewards."""

    place = forms.CharField(
        label=_("Place"),
        max_length=120,
        required=False,
        help_text=_("A village or a hill; everybody sees it."),
    )
    location = forms.CharField(
        label=_("Exact place"),
        max_length=200,
        required=False,
        help_text=_("Building, room, rack; stewards alone see it."),
    )


class KeyForm(forms.Form):
    """The key makes a second click the same thing."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class RegisterForm(PlaceForm, FactsForm, KeyForm):
    """A new asset, ordered for a pool."""

    pool = forms.ModelChoiceField(label=_("Pool"), queryset=Pool.objects.order_by("code"))
    on = DayField(label=_("Ordered on"))
    field_order = ("pool", "name", "kind", "code", "on")


class DayForm(forms.Form):
    """The day on which something happened, and why; not ahead."""

    on = DayField(label=_("Day"), initial=timezone.localdate)
    reason = forms.CharField(label=_("Reason"), max_length=300)


class CapacityForm(forms.Form):
    """One field per resource that we have: tokens per period."""

    intro = _("Per period, in %(unit)s.")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for resource in Resource.objects.all():
            self.fields[f"capacity_{resource.code}"] = TokensField(
                label=resource_name(resource),
                required=False,
                help_text=self.intro % {"unit": resource.unit},
            )

    def capacity(self) -> dict[str, int]:
        """Millitokens by code of the resource, the empty ones left out."""
        given = {
            name.removeprefix("capacity_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("capacity_")
        }
        return {code: value for code, value in given.items() if value}


class ServeForm(DayForm, CapacityForm, KeyForm):
    """From when on an asset serves, and what it brings."""

    reason = forms.CharField(label=_("Note"), max_length=300, required=False)


class FaultForm(DayForm, CapacityForm, KeyForm):
    """Since when an asset is faulty, why, and what is missing meanwhile."""

    intro = _("What is missing per period until it is repaired, in %(unit)s.")


class RepairForm(DayForm, KeyForm):
    """Since when an asset serves again."""

    reason = forms.CharField(label=_("What was done"), max_length=300)


class MoveForm(PlaceForm, DayForm):
    """Where an asset stands from a day on."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    field_order = ("place", "location", "on", "reason")


class TakeForm(KeyForm):
    """What paid for an asset that goes into its pool."""

    paid_from = forms.ChoiceField(label=_("Paid from"), choices=PAID_FROM, widget=forms.RadioSelect)


class EndForm(DayForm, KeyForm):
    """How an asset ended."""

    to = forms.ChoiceField(
        label=_("What became of it"),
        choices=[
            (Asset.State.RETIRED, _("retired: it serves no more")),
            (Asset.State.SOLD, _("sold")),
            (Asset.State.LOST, _("lost: stolen, burnt, not to be found")),
        ],
        widget=forms.RadioSelect,
    )
    proceeds = CentsField(
        label=_("Proceeds"), required=False, help_text=_("What the sale fetched.")
    )
    field_order = ("to", "on", "reason", "proceeds")

    def clean(self) -> dict[str, Any]:
        """Proceeds belong to a sale."""
        data = super().clean() or {}
        if data.get("proceeds") and data.get("to") not in (None, Asset.State.SOLD):
            self.add_error("proceeds", _("Only a sale fetches something."))
        return data


class CustodyForm(forms.Form):
    """Who is asked to keep an asset."""

    member = forms.ModelChoiceField(label=_("Member"), queryset=active_members())
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("The member reads it.")
    )


class UpkeepForm(KeyForm):
    """Work on an asset."""

    on = DayField(label=_("Day"), initial=timezone.localdate)
    what = forms.CharField(label=_("What was done"), max_length=300)
    who = forms.CharField(label=_("By whom"), max_length=120, required=False)
    minutes = forms.IntegerField(
        label=_("Minutes of labour"), min_value=0, max_value=10**6, required=False
    )
    cost = CentsField(label=_("Cost"), required=False)
    bill = forms.CharField(label=_("Number of the bill"), max_length=120, required=False)
    corrects = forms.ModelChoiceField(
        label=_("Replaces the entry"), queryset=UpkeepEntry.objects.none(), required=False
    )

    def __init__(self, *args: Any, asset: Asset, **options: Any) -> None:
        super().__init__(*args, **options)
        standing = UpkeepEntry.objects.filter(asset=asset, corrected_by=None)
        self.fields["corrects"].queryset = standing.order_by("-on")  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    """A file of an asset."""

    file = forms.FileField(label=_("File"), help_text=_("JPEG, PNG, WebP or PDF, up to 10 MB."))
    kind = forms.ChoiceField(label=_("What it is"), choices=AssetFile.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    public = forms.BooleanField(
        label=_("Everybody may see it"),
        required=False,
        help_text=_("Without this only stewards see it."),
    )


class ImportForm(forms.Form):
    """A register as a CSV file."""

    file = forms.FileField(label=_("CSV file"), help_text=_("UTF-8, as the export writes it."))


class AsOfForm(forms.Form):
    """A day in the past."""

    day = DayField(label=_("As of"), initial=timezone.localdate)

    def clean_day(self) -> Any:
        """Not ahead: nobody knows."""
        day = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise ValidationError(_("This day lies ahead."), code="ahead")
        return day
