"""What is asked of an export, checked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.access import NOBODY, Reader
from ledger.exports import Asked
from ledger.reports.forms import FIRST_DAY, LAST_DAY, day_field


class ExportForm(forms.Form):
    """Which format, which days; with members' numbers where the reader may read some."""

    format = forms.ChoiceField(
        label=_("Format"),
        widget=forms.RadioSelect,
        choices=[
            ("beancount", _("beancount, for plain-text accounting")),
            ("csv", _("CSV, for spreadsheets")),
            ("json", _("JSON Lines, for programs")),
        ],
        initial="beancount",
        error_messages={
            "required": _("Choose a format."),
            "invalid_choice": _("There is no such format. Choose one of the list."),
        },
    )
    first = day_field(_("First day"))
    last = day_field(_("Last day"))
    names = forms.BooleanField(
        label=_("With member numbers"),
        help_text=_("As far as you may read them. Without it everybody has a pseudonym."),
        required=False,
    )

    def __init__(self, data: Any, reader: Reader) -> None:
        super().__init__(data)
        self.reader = reader
        if not (reader.sees_all or reader.own):
            del self.fields["names"]

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, or of no calendar that people use."""
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        for name, value in (("first", first), ("last", last)):
            if value and not FIRST_DAY <= value <= LAST_DAY:
                self.add_error(name, _("Give a day of our time."))
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first."))
        return values

    def asked(self) -> Asked:
        """The question; the form is valid."""
        values = self.cleaned_data
        reader = self.reader if values.get("names") else NOBODY
        return Asked(values["first"], values["last"], reader)
