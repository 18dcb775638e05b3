"""What people type about money: text becomes whole cents here, and nowhere else."""

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

RATE_DECIMALS = 8
RATE = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,8}))?")
MONEY = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")


def fresh_key() -> str:
    """A key that makes a form sent twice count once."""
    return uuid.uuid4().hex


def cents_from(text: str) -> int:
    """Cents from "20", "20.5" or "20,50"; raises ValidationError, never guesses."""
    found = MONEY.fullmatch(text.strip())
    if found is None:
        raise ValidationError(_("Write the amount like 20.00, without a sign."), code="money")
    whole, decimals = found.groups()
    return int(whole) * 100 + int((decimals or "0").ljust(2, "0"))


def microcents_from(text: str) -> int:
    """Micro-cents per token from "0.8" or "0,80": up to six decimals of a cent, no exponent."""
    found = RATE.fullmatch(text.strip())
    if found is None:
        message = _("Write the price like 0.80, without a sign, with up to %(most)s decimals.")
        raise ValidationError(message, code="rate", params={"most": RATE_DECIMALS})
    whole, decimals = found.groups()
    return int(whole + (decimals or "").ljust(RATE_DECIMALS, "0"))


class RateField(forms.CharField):
    """A price per token; the cleaned value is whole micro-cents."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"inputmode": "decimal"}))
        super().__init__(max_length=24, **options)

    def clean(self, value: Any) -> Any:
        """Micro-cents per token as an int."""
        return microcents_from(super().clean(value))


class CentsField(forms.CharField):
    """An amount of money; the cleaned value is whole cents."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput({"inputmode": "decimal"}))
        super().__init__(max_length=20, **options)

    def clean(self, value: Any) -> Any:
        """Cents as an int; None where the field may stay empty."""
        text = super().clean(value)
        return cents_from(text) if text else None


class DayInput(forms.DateInput):
    """A day, picked where the browser can."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ReceivedForm(forms.Form):
    """Money that arrived for one charge: when, and how much."""

    received_on = forms.DateField(
        label=_("Day of arrival"), help_text=_("As the bank statement says."), widget=DayInput()
    )
    amount = CentsField(
        label=_("Amount received"),
        help_text=_("Type it from the bank statement; it must be the amount of the charge."),
    )


class PrepaidForm(forms.Form):
    """An amount to pay ahead, or to have back; the key makes a second click the same wish."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    amount = CentsField(label=_("Amount"))
