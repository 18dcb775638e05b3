"""What people give to have a receipt checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from governance.receipts.checking import File, NotAReceipt, read

MOST_BYTES = 200_000


class CheckForm(forms.Form):
    """A receipt as a file, or pasted."""

    file = forms.FileField(
        label=_("The file of the receipt"),
        required=False,
        help_text=_("It is called receipt-….json. It is only read, and not kept."),
    )
    text = forms.CharField(
        label=_("or its text"),
        required=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"}),
    )

    def clean(self) -> dict[str, Any]:
        """The receipt in it, under "receipt"."""
        data = super().clean() or self.cleaned_data
        given = data.get("file")
        raw = given.read(MOST_BYTES) if given else data.get("text", "").strip().encode()
        if not raw:
            raise ValidationError(_("Choose the file, or paste its text."))
        try:
            receipt: File = read(raw)
        except NotAReceipt as error:
            raise ValidationError(_("This is no receipt of a ballot.")) from error
        return data | {"receipt": receipt}
