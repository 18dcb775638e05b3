"""What people type about shares."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST = 10**12
MOST_DIGITS = 15


class CountForm(forms.Form):
    """How many shares to buy."""

    count = forms.IntegerField(
        label=_("Number of shares"),
        min_value=1,
        max_value=MOST,
        widget=forms.NumberInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


class PurchaseForm(CountForm):
    """The confirmed purchase; the key makes a second click the same purchase."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class NumberForm(forms.Form):
    """The number on a title."""

    number = forms.RegexField(
        label=_("Number of the title"),
        help_text=_("As it stands on the certificate, e.g. 0412."),
        regex=r"^\s*(?:No\.?\s*)?([0-9]+)\s*$",
        error_messages={"invalid": _("A title's number has digits only.")},
    )

    def clean_number(self) -> int:
        """The digits as a number."""
        digits = "".join(c for c in self.cleaned_data["number"] if c.isdigit()).lstrip("0")
        if len(digits) > MOST_DIGITS:
            raise ValidationError(_("No title has this number."), code="unknown")
        return int(digits or "0")
