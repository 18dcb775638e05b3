"""What a treasurer gives and types at the bank desk."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from bank.files.table import DATE_FORMATS, NAMED
from bank.files.xml import MOST_BYTES
from bank.models import Decision, Line, TableShape
from bank.queries import open_charges_for, payer_of, taken_back_by
from bank.services import Wish
from members.models import Member
from payments.errors import cents_text
from payments.models import Charge

Kind = Decision.Kind
DELIMITED = [(";", ";"), (",", ","), ("\t", _("tabulator")), ("|", "|")]
WRITTEN = [
    ("utf-8-sig", "UTF-8"),
    ("cp1252", "Windows-1252"),
    ("iso-8859-15", "ISO 8859-15"),
    ("iso-8859-1", "ISO 8859-1"),
    ("utf-16", "UTF-16"),
]
COLUMN_LABELS = {
    "booked_on": _("Day of booking"),
    "amount": _("Amount, with its sign"),
    "money_in": _("Money in, where it has a column of its own"),
    "money_out": _("Money out, where it has a column of its own"),
    "value_on": _("Value day"),
    "text": _("Text"),
    "reference": _("Structured reference"),
    "end_to_end": _("End-to-end reference"),
    "name": _("Name of the other side"),
    "other_iban": _("IBAN of the other side"),
    "bank_ref": _("The bank’s own reference"),
    "iban": _("Our IBAN"),
    "currency": _("Currency"),
    "balance": _("Balance after the line"),
}


class UploadForm(forms.Form):
    """A file from the bank, and how to read it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("The statement as the bank gives it: camt.053 (XML), or a table (CSV)."),
        max_length=120,
    )
    shape = forms.ModelChoiceField(
        TableShape.objects.order_by("name"),
        label=_("How to read it"),
        required=False,
        empty_label=_("camt.053, as it comes from the bank"),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """A file of a size that is read at all."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(_("The file is too large. Ask the bank for a shorter time."))
        return file


class ShapeForm(forms.Form):
    """How a bank's table is read: its columns by the names in its first row."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("For instance the name of the bank.")
    )
    delimiter = forms.ChoiceField(label=_("Between the columns stands"), choices=DELIMITED)
    decimal_mark = forms.ChoiceField(
        label=_("Decimal mark"), choices=[(",", "1.234,56"), (".", "1,234.56")]
    )
    date_format = forms.ChoiceField(label=_("Days are written"), choices=list(DATE_FORMATS.items()))
    encoding = forms.ChoiceField(label=_("Encoding"), choices=WRITTEN)
    skip = forms.IntegerField(
        label=_("Lines above the names of the columns"), min_value=0, max_value=50, initial=0
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NAMED:
            self.fields[name] = forms.CharField(
                label=COLUMN_LABELS[name],
                required=name == "booked_on",
                max_length=60,
                widget=forms.TextInput({"autocomplete": "off"}),
            )

    def clean(self) -> dict[str, Any]:
        """Either one column of amounts, or one for each way."""
        given = super().clean() or {}
        both = bool(given.get("money_in")) and bool(given.get("money_out"))
        if bool(given.get("amount")) == both:
            raise ValidationError(
                _("Name either the column of amounts, or both those of money in and money out.")
            )
        return given

    def columns(self) -> dict[str, Any]:
        """The fields of bank.files.table.Columns."""
        return {name: value for name, value in self.cleaned_data.items() if name != "name"}


class DecisionForm(forms.Form):
    """One decision about a line; the key makes a second click the same decision."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, kind: str, line: Line, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind == Kind.CHARGES:
            self.fields["charges"] = _charges_of(line)
        if kind in (Kind.CHARGES, Kind.PREPAID, Kind.REFUND):
            self.fields["member"] = _member_of(line, required=kind != Kind.CHARGES)
        if kind == Kind.RETURN:
            self.fields["other"] = _others_of(line)
        needed = kind in (Kind.NOT_OURS, Kind.IN_BOOKS, Kind.FEE)
        self.fields["note"] = forms.CharField(
            label=_("Reason") if needed else _("Note"),
            required=needed,
            max_length=300,
            help_text=_("Who checks the books reads it."),
        )

    def wish(self) -> Wish:
        """What the treasurer wants."""
        given = self.cleaned_data
        member, other = given.get("member"), given.get("other")
        return Wish(
            kind=self.kind,
            charge_ids=[charge.pk for charge in given.get("charges", ())],
            member_id=member.pk if member else None,
            other_id=other.pk if other else None,
            note=given["note"],
        )


class UndoForm(forms.Form):
    """Why a decision is taken back."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It stands in the books with the opposite.")
    )


class ChargeChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Charges by member, amount and reference."""

    def label_from_instance(self, obj: Charge) -> str:
        """What a charge is called in the list."""
        member = obj.member
        return f"{member.number} {member.name}: {cents_text(obj.amount)}, {obj.reference}"


class MemberChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A member of the register by number and name."""

    def label_from_instance(self, obj: Member) -> str:
        """What a member is called in the list."""
        return f"{obj.number} {obj.name}"


class LineChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A line by day, amount and who sent it."""

    def label_from_instance(self, obj: Line) -> str:
        """What a line is called in the list."""
        return f"{obj.booked_on}: {cents_text(obj.amount)} {obj.name} {obj.text[:40]}"


def _charges_of(line: Line) -> ChargeChoice:
    found = [charge.pk for charge in open_charges_for(line)]
    return ChargeChoice(
        Charge.objects.filter(pk__in=found).select_related("member").order_by("due", "pk"),
        label=_("Charges that it pays"),
        help_text=_("Each is paid whole. What is left goes onto the prepaid balance."),
        widget=forms.CheckboxSelectMultiple,
    )


def _member_of(line: Line, *, required: bool) -> MemberChoice:
    payer = payer_of(line)
    return MemberChoice(
        Member.objects.filter(number__isnull=False).order_by("number"),
        label=_("Member"),
        required=required,
        initial=payer.pk if payer else None,
        empty_label=_("choose a member"),
        help_text="" if required else _("Needed where something is left over."),
    )


def _others_of(line: Line) -> LineChoice:
    found = [other.pk for other in taken_back_by(line)]
    return LineChoice(
        Line.objects.filter(pk__in=found).order_by("-booked_on", "-pk"),
        label=_("The line that it takes back"),
        empty_label=_("choose a line"),
    )
