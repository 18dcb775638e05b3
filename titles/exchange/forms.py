"""What a steward uploads to move a register in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from titles.exchange.files import Files, NotAnArchive, from_zip

MOST_BYTES = 50_000_000


class SetForm(forms.Form):
    """A ZIP file of the CSV files; `digest` is that of the set that was looked at before."""

    file = forms.FileField(
        label=_("ZIP file"), help_text=_("pools.csv, members.csv, titles.csv and the others.")
    )
    digest = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_file(self) -> Files:
        """The files in it."""
        given: Any = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise ValidationError(_("This file is too large."), code="large")
        try:
            return from_zip(given.read())
        except NotAnArchive as error:
            raise ValidationError(str(error), code="zip") from error
