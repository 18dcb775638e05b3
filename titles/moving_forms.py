"""What people type about passing shares on, dividing titles, estates and the register."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from assets.queries import pools
from members.models import Member
from titles.forms import MOST, CountForm
from titles.models import Title, Transfer

HEIRS = 4
WHOLE = {"inputmode": "numeric", "autocomplete": "off"}


class WishForm(CountForm):
    """How many shares somebody waits for."""

    takes_part = forms.BooleanField(
        label=_("Fewer will do as well"),
        help_text=_("You are offered what is free, and keep your place for the rest."),
        required=False,
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class OfferForm(forms.Form):
    """Shares for another member."""

    BY_NUMBER, BY_CODE = "number", "code"

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (Transfer.Kind.TRANSFER, _("I pass them on, sold or handed over")),
            (Transfer.Kind.GIFT, _("I give them as a present")),
        ],
        initial=Transfer.Kind.TRANSFER,
        widget=forms.RadioSelect,
    )
    units = forms.IntegerField(
        label=_("Number of shares"),
        min_value=1,
        max_value=MOST,
        widget=forms.NumberInput(WHOLE),
    )
    way = forms.ChoiceField(
        label=_("To whom?"),
        choices=[
            (BY_NUMBER, _("To the member with this number")),
            (BY_CODE, _("To whoever I hand a code: no number needed")),
        ],
        initial=BY_NUMBER,
        widget=forms.RadioSelect,
    )
    to_number = forms.IntegerField(
        label=_("Member number"),
        help_text=_("Ask the member for it: the site tells no names."),
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        widget=forms.NumberInput(WHOLE),
    )
    numbers = forms.TypedMultipleChoiceField(
        label=_("From which titles?"),
        help_text=_("Choose none and the oldest go first."),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(
        label=_("What you two agreed"),
        help_text=_("A price, for instance. Only you and the receiver read it."),
        max_length=500,
        required=False,
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, titles: list[Title], **more: Any) -> None:
        """With the titles that can be chosen."""
        super().__init__(*args, **more)
        field = self.fields["numbers"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(t.number, _option(t)) for t in titles]

    def clean(self) -> dict[str, Any]:
        """Either a number, or a code and no number."""
        data = super().clean() or {}
        if data.get("way") == self.BY_NUMBER and not data.get("to_number"):
            if "to_number" not in self.errors:
                self.add_error("to_number", _("Type the number of the member."))
        elif data.get("way") == self.BY_CODE:
            data["to_number"] = None
        return data


def _option(title: Title) -> str:
    return str(_("%(title)s: %(units)s shares") % {"title": title, "units": title.units})


class CodeForm(forms.Form):
    """The code that somebody handed over."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("Twelve letters and digits, as the giver showed them to you."),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class SplitForm(forms.Form):
    """The parts into which a title is divided."""

    parts = forms.CharField(
        label=_("Shares in each part"),
        help_text=_("Whole numbers with a space or comma between them, e.g. 10, 10, 5."),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_parts(self) -> list[int]:
        """The numbers."""
        words = [word for word in re.split(r"[\s,;+]+", self.cleaned_data["parts"]) if word]
        if not all(word.isdecimal() and len(word) <= 12 for word in words):
            raise ValidationError(_("Type whole numbers only."), code="invalid")
        return [int(word) for word in words]


class HeirsForm(forms.Form):
    """Who inherits, and what proves it."""

    evidence = forms.CharField(
        label=_("What proves who the heirs are"),
        help_text=_("Kind, date and number of the document, and where it is kept."),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **more: Any) -> None:
        """With a row for each heir."""
        super().__init__(*args, **more)
        for row in range(1, HEIRS + 1):
            self.fields[f"number_{row}"] = forms.IntegerField(
                label=_("Heir %(row)s: member number") % {"row": row},
                min_value=1,
                max_value=2**31 - 1,
                required=row == 1,
                widget=forms.NumberInput(WHOLE),
            )
            self.fields[f"weight_{row}"] = forms.IntegerField(
                label=_("Heir %(row)s: parts") % {"row": row},
                min_value=1,
                max_value=10**6,
                initial=1,
                required=row == 1,
                widget=forms.NumberInput(WHOLE),
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """The fields of each heir."""
        return [(self[f"number_{row}"], self[f"weight_{row}"]) for row in range(1, HEIRS + 1)]

    def clean(self) -> dict[str, Any]:
        """`heirs`: the members by their weights."""
        data = super().clean() or {}
        data["heirs"] = heirs = {}
        for row in range(1, HEIRS + 1):
            number = data.get(f"number_{row}")
            if number is not None:
                member = Member.objects.filter(number=number).first()
                if member is None or member in heirs:
                    problem = _("No member has this number, or it stands here twice.")
                    self.add_error(f"number_{row}", problem)
                else:
                    heirs[member] = data.get(f"weight_{row}") or 1
        return data


class RegisterForm(forms.Form):
    """Of which day, as known when, of which pool."""

    day = forms.DateField(
        label=_("As of the end of"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    known = forms.DateTimeField(
        label=_("As known on"),
        help_text=_("Leave it empty for what is known today."),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    pool: forms.ModelChoiceField = forms.ModelChoiceField(  # type: ignore[type-arg]
        label=_("Pool"),
        queryset=Pool.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("All pools"),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        """With the pools that there are."""
        super().__init__(*args, **more)
        field = self.fields["pool"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = pools()
