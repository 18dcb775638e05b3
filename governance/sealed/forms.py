"""What people bring to sealed votes: keys, deals, ballots sealed elsewhere, tallies."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.models import TrusteeKey
from governance.sealed import formats
from governance.sealed.queries import keys_offered
from governance.sealed.sealing import new_tracker
from payments.forms import fresh_key
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError

MOST_BYTES = 64 * 1024 * 1024
BY_HAND = {"autocomplete": "off", "spellcheck": "false"}


class KeyForm(forms.Form):
    """The public half of a trustee's key."""

    label = forms.CharField(
        label=_("What the key is called"),
        help_text=_("Everybody can read it, for good: “the old laptop” will do."),
        max_length=80,
    )
    public_key = forms.CharField(
        label=_("Public key"),
        help_text=_("The 64 hex digits that coop-trustee keygen shows. The file stays with you."),
        max_length=100,
        widget=forms.TextInput(BY_HAND),
    )


class OfferedKeys(forms.ModelMultipleChoiceField):  # type: ignore[type-arg] # not subscriptable
    """Keys to tick, each with its member."""

    def label_from_instance(self, obj: Any) -> str:
        """Who, and which of their keys."""
        return f"{obj.member.name} · {obj.label}"


class CeremonyForm(forms.Form):
    """Whose keys open a vote, and how many of them are needed."""

    keys = OfferedKeys(
        TrusteeKey.objects.none(), label=_("Trustees"), widget=forms.CheckboxSelectMultiple
    )
    threshold = forms.IntegerField(
        label=_("How many of them open the ballots"), min_value=1, max_value=255, initial=2
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys: Any = self.fields["keys"]
        keys.queryset = keys_offered()

    def clean(self) -> dict[str, Any]:
        """One share for each member, and no more needed than there are."""
        data = super().clean() or self.cleaned_data
        keys = list(data.get("keys") or ())
        if len({key.member_id for key in keys}) < len(keys):
            self.add_error("keys", _("Choose one key for each trustee."))
        if keys and data.get("threshold", 0) > len(keys):
            self.add_error("threshold", _("That is more than there are trustees."))
        return data


class JsonFileForm(forms.Form):
    """A file with JSON in it."""

    file = forms.FileField(label=_("File"), widget=forms.FileInput({"accept": ".json"}))

    def clean_file(self) -> Any:
        """What the file says."""
        return _json_in(self.cleaned_data["file"])


class DealForm(JsonFileForm):
    """The dealer's file."""

    file = forms.FileField(
        label=_("The deal"),
        help_text=_("The file that coop-trustee deal wrote."),
        widget=forms.FileInput({"accept": ".json"}),
    )


class TallyForm(JsonFileForm):
    """The trustees' file."""

    file = forms.FileField(
        label=_("The tally"),
        help_text=_("The file that coop-trustee tally wrote."),
        widget=forms.FileInput({"accept": ".json"}),
    )

    def clean_file(self) -> Envelope:
        """The signed envelope in the file."""
        try:
            return Envelope.from_dict(_json_in(self.cleaned_data["file"]))
        except SigningError as error:
            raise forms.ValidationError(_("This is not a signed tally.")) from error


class TrackerForm(forms.Form):
    """The tracker of a ballot that the site seals; a fresh one on each fresh page."""

    tracker = forms.RegexField(
        formats.TRACKER,
        label=_("Your tracker"),
        help_text=_("32 digits from 0 to 9 and a to f that nobody else can guess."),
        initial=new_tracker,
        max_length=32,
        error_messages={"invalid": _("A tracker has 32 digits from 0 to 9 and a to f.")},
        widget=forms.TextInput(BY_HAND),
    )


class SealedElsewhereForm(forms.Form):
    """A ballot that coop-trustee sealed."""

    ballot = forms.CharField(
        label=_("Sealed ballot"),
        help_text=_("Everything that coop-trustee seal wrote, from the first brace to the last."),
        max_length=40_000,
        widget=forms.Textarea({"rows": 5, **BY_HAND}),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80, initial=fresh_key)

    def clean_ballot(self) -> bytes:
        """The ciphertext."""
        try:
            document = strict_json.loads(self.cleaned_data["ballot"].strip().encode())
            if not isinstance(document, dict) or document.get("format") != formats.SEALED:
                raise ValueError
            return formats.from_base64(document.get("sealed"))
        except (SigningError, ValueError) as error:
            raise forms.ValidationError(_("This is no sealed ballot.")) from error


def _json_in(file: Any) -> Any:
    if file.size is None or file.size > MOST_BYTES:
        raise forms.ValidationError(_("The file is too large."))
    try:
        return strict_json.loads(file.read())
    except SigningError as error:
        raise forms.ValidationError(_("The file cannot be read: it is not JSON.")) from error
