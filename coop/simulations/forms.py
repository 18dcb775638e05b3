"""What stewards type about simulations: text becomes integers and exact fractions here."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from assets.forms import TokensField
from coop.models import SimulationRun
from coop.scenarios.shapes import Pool, Scenario, decimal
from coop.simulations.bounds import MOST_BYTES, MOST_MEMBERS, MOST_MONTHS
from coop.simulations.changes import Changes
from payments.forms import CentsField, RateField, fresh_key

PERCENT = re.compile(r"(-?[0-9]{1,3})(?:[.,]([0-9]{1,3}))?\s*%")
FRACTION = re.compile(r"(-?[0-9]{1,6})/([0-9]{1,6})")
VALUES = ("capacity", "cost", "posted_price", "newcomer_use")
RATE_PLACES = 8


def fraction_from(text: str) -> Fraction:
    """A fraction from "1/50", "2 %" or "-0,5 %", exact; raises ValidationError."""
    stripped = text.strip().replace("−", "-")
    if stripped in ("", "0"):
        return Fraction(0)
    if (found := FRACTION.fullmatch(stripped)) and int(found[2]):
        return bounded(Fraction(int(found[1]), int(found[2])))
    if found := PERCENT.fullmatch(stripped):
        return bounded(Fraction(f"{found[1]}.{found[2] or 0}") / 100)
    raise ValidationError(_("Write a fraction like 1/50, or a percentage."), code="fraction")


def bounded(growth: Fraction) -> Fraction:
    """Growth that can be meant; raises ValidationError."""
    if not Fraction(-1, 2) <= growth <= 1:
        raise ValidationError(_("From −1/2 to 1 a month is possible."), code="fraction")
    return growth


class FractionField(forms.CharField):
    """An exact fraction; the cleaned value is a Fraction."""

    def clean(self, value: Any) -> Any:
        """Nought where it is empty."""
        return fraction_from(super().clean(value) or "")


class TextForm(forms.Form):
    """A scenario pasted, or uploaded as a file."""

    name = forms.CharField(
        label=_("Name"), max_length=80, required=False, help_text=_("To find it again.")
    )
    text = forms.CharField(
        label=_("Scenario"),
        required=False,
        strip=False,
        widget=forms.Textarea({"rows": 12, "class": "mono", "spellcheck": "false"}),
        help_text=_("A text as docs/scenarios.md describes it. Members can be numbers or names."),
    )
    file = forms.FileField(label=_("Or a file"), required=False, max_length=120)
    key = forms.CharField(widget=forms.HiddenInput, max_length=60, initial=fresh_key)

    def clean(self) -> dict[str, Any]:
        """The text, pasted or from the file; one of them."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("file") is not None and not self.errors:
            values["text"] = self._from_file(values["file"])
        if not self.errors and not (values.get("text") or "").strip():
            self.add_error("text", _("Paste a scenario, or choose a file."))
        return values

    def _from_file(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            words = gettext("The file is too large: at most %(most)s bytes are taken.")
            self.add_error("file", words % {"most": MOST_BYTES})
            return ""
        try:
            return str(file.read().decode())
        except UnicodeDecodeError:
            self.add_error("file", _("This is not a text file in UTF-8."))
            return ""


class ChangesForm(forms.Form):
    """What is other than in the text; a field per pool and resource and value."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("To find it again."))
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=MOST_MONTHS)
    growth = FractionField(
        label=_("Growth of all use, a month"),
        required=False,
        max_length=20,
        help_text=_("An exact fraction like 1/50, or a percentage. Nought: as it is."),
    )
    newcomers = forms.IntegerField(
        label=_("New members a month"), min_value=0, max_value=MOST_MEMBERS
    )

    def __init__(self, run: SimulationRun, scenario: Scenario, *args: Any, **options: Any) -> None:
        self.scenario = scenario
        super().__init__(*args, **options)
        for pool, resource in self.yields():
            for value in VALUES:
                self.fields[named(value, pool, resource)] = field_for(value)

    def yields(self) -> Iterator[tuple[Pool, str]]:
        """Every pool with each of its resources."""
        for pool in self.scenario.pools:
            for resource in pool.resources:
                yield pool, resource

    def groups(self) -> Iterator[tuple[Pool, str, list[forms.BoundField]]]:
        """The fields of each yield, for the page."""
        for pool, resource in self.yields():
            yield pool, resource, [self[named(value, pool, resource)] for value in VALUES]

    def common(self) -> list[forms.BoundField]:
        """The fields on people and time."""
        return [self[name] for name in ("name", "months", "growth", "newcomers")]

    def changes(self) -> Changes:
        """What is typed, as far as it differs from the text."""
        found: dict[str, Any] = {value: {} for value in VALUES}
        for pool, resource in self.yields():
            for value in VALUES:
                typed = self.cleaned_data[named(value, pool, resource)]
                if typed is not None and typed != stated(value, pool, resource):
                    found[value].setdefault(pool.code, {})[resource] = typed
        people = self.cleaned_data
        return Changes(
            months=people["months"],
            growth=people["growth"],
            newcomers=people["newcomers"],
            **found,
        )


def field_for(value: str) -> forms.Field:
    """The field of one value of a yield."""
    if value == "capacity":
        return TokensField(label=_("Capacity, tokens a month"))
    if value == "cost":
        return CentsField(label=_("Cost a month"))
    if value == "posted_price":
        return RateField(label=_("Posted price per token"))
    return TokensField(label=_("Use of each new member"), required=False)


def named(value: str, pool: Pool, resource: str) -> str:
    return f"{value}:{pool.code}:{resource}"


def stated(value: str, pool: Pool, resource: str) -> int:
    """What the text says."""
    return 0 if value == "newcomer_use" else getattr(pool, value)[resource]


def first_values(run: SimulationRun, scenario: Scenario, changes: Changes) -> dict[str, Any]:
    """What the form begins with: the text with the changes that the draft has already."""
    months = changes.months or sum(period.repeat for period in scenario.periods)
    values: dict[str, Any] = {
        "name": run.name,
        "months": min(max(months, 12 if run.source == "today" else 1), MOST_MONTHS),
        "growth": str(changes.growth) if changes.growth else "0",
        "newcomers": changes.newcomers,
    }
    for pool in scenario.pools:
        for resource in pool.resources:
            for value in VALUES:
                kept = getattr(changes, value).get(pool.code, {})
                number = kept.get(resource, stated(value, pool, resource))
                values[named(value, pool, resource)] = written(value, number)
    return values


def written(value: str, number: int) -> str:
    """An integer as people type it."""
    if value == "cost":
        return f"{number // 100}.{number % 100:02}"
    if value != "posted_price":
        return decimal(number)
    whole, _mark, decimals = decimal(number, RATE_PLACES).partition(".")
    return f"{whole}.{decimals:0<2}"


class ComparisonForm(forms.Form):
    """Two finished runs, and perhaps one member to look at."""

    a = forms.ModelChoiceField(
        SimulationRun.objects.none(), label=_("A"), empty_label=_("choose a simulation")
    )
    b = forms.ModelChoiceField(
        SimulationRun.objects.none(), label=_("B"), empty_label=_("choose another")
    )
    member = forms.CharField(
        label=_("Member"),
        required=False,
        max_length=100,
        help_text=_("A number, to see their own share of use."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        finished = SimulationRun.objects.filter(state=SimulationRun.State.DONE).defer("result")
        for name in ("a", "b"):
            self.fields[name].queryset = finished  # type: ignore[attr-defined]
