"""What people type about disputed use and its corrections."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.forms import DayField
from assets.models import Pool, Resource
from metering.forms import ResourceChoice

if TYPE_CHECKING:
    PoolField = forms.ModelChoiceField[Pool]
else:
    PoolField = forms.ModelChoiceField

SIGNED = re.compile(r"([+\-−]?)(\d{1,12})(?:[.,](\d{1,3}))?")


class SignedTokens(forms.CharField):
    """Tokens with a sign: below zero takes back; the cleaned value is millitokens or None."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"inputmode": "text"}))
        super().__init__(max_length=20, **options)

    def clean(self, value: Any) -> Any:
        """Millitokens as an int, never zero."""
        text = super().clean(value)
        if not text:
            return None
        found = SIGNED.fullmatch(text.strip())
        amount = int(found[2] + (found[3] or "").ljust(3, "0")) if found else 0
        if found is None or amount == 0:
            raise ValidationError(_("Write the amount like −20.5, not zero."), code="tokens")
        return -amount if found[1] in ("-", "−") else amount


class ReasonForm(forms.Form):
    """Why a reading or a day is disputed."""

    reason = forms.CharField(
        label=_("What is wrong"),
        max_length=400,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("For example: the line was down all day."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)


class DayForm(forms.Form):
    """Which pool, resource and day a dispute is about."""

    pool = PoolField(queryset=Pool.objects.all(), to_field_name="code")
    resource = ResourceChoice(queryset=Resource.objects.all(), to_field_name="code")
    day = DayField()


class AnswerForm(forms.Form):
    """A steward's answer to a dispute, with a correction where the member is right."""

    answer = forms.CharField(label=_("Answer"), max_length=400, widget=forms.Textarea({"rows": 4}))
    correction = SignedTokens(
        label=_("Correct the use by"),
        required=False,
        help_text=_(
            "Below zero takes use back, for example −20.5. Leave empty where nothing is wrong. The"
            " readings stand either way."
        ),
    )


class CorrectionForm(forms.Form):
    """A correction of a member's use on one day."""

    pool = PoolField(queryset=Pool.objects.all(), label=_("Pool"), empty_label=None)
    resource = ResourceChoice(
        queryset=Resource.objects.all(), label=_("Resource"), empty_label=None
    )
    day = DayField(label=_("Day"))
    amount = SignedTokens(
        label=_("Tokens"), help_text=_("Below zero takes use back, for example −20.5.")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("The member reads it on their usage.")
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)
