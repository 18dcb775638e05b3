"""What people paste to have it checked against the log."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ledger.log.held import Held, as_pasted, examine
from signing.errors import MalformedNote

LONGEST = 1000
"""characters; a question is an address, and a web server reads no longer line than 4094 bytes"""
NO_CHECKPOINT = _(
    "This is not a checkpoint. Copy it whole: from the name of the log in its first line to the "
    "last line, which begins with a dash."
)


class HeldForm(forms.Form):
    """A checkpoint that somebody kept; once valid, `held` says what to think of it."""

    checkpoint = forms.CharField(
        label=_("Checkpoint"),
        help_text=_(
            "The whole text: name, size, root, an empty line, the signature. In a proof file it "
            "stands below the first empty line: paste only that."
        ),
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(
            {"rows": 6, "spellcheck": "false", "autocomplete": "off", "class": "mono"}
        ),
    )
    held: Held

    def clean_checkpoint(self) -> str:
        """The note as it was signed."""
        note = as_pasted(self.cleaned_data["checkpoint"])
        try:
            self.held = examine(note)
        except MalformedNote as error:
            raise ValidationError(NO_CHECKPOINT, code="malformed") from error
        return note

    def clean(self) -> dict[str, Any]:
        """Nothing further."""
        return super().clean() or {}
