"""What people type about keys, vouches and erasure."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError
from members.identity.statements import envelope_of
from members.models import Member, MemberKey
from members.services.identity import BY_HAND, normal_key
from members.services.vouching import longest_days
from signing import dsse

USUAL_DAYS = 365
TYPED_BY_HAND = {"autocomplete": "off", "spellcheck": "false"}


class KeyForm(forms.Form):
    """The public half of a key."""

    public_key = forms.CharField(
        label=_("Public key"),
        help_text=_("The 64 hex digits that coop-key shows. The secret half stays with you."),
        max_length=100,
        widget=forms.TextInput(TYPED_BY_HAND),
    )

    def clean_public_key(self) -> str:
        """As the register spells it."""
        try:
            return normal_key(self.cleaned_data["public_key"])
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error


class SignedForm(forms.Form):
    """What coop-key wrote."""

    envelope = forms.CharField(
        label=_("Signed statement"),
        help_text=_("Everything that coop-key wrote, from the first brace to the last."),
        max_length=8000,
        widget=forms.Textarea({"rows": 5, **TYPED_BY_HAND}),
    )

    def clean_envelope(self) -> dsse.Envelope:
        """The envelope in it."""
        try:
            return envelope_of(self.cleaned_data["envelope"])
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error


class EndForm(forms.Form):
    """Why a key ends."""

    end = forms.ChoiceField(
        label=_("Why"),
        choices=[(end.value, end.label) for end in BY_HAND],
        initial=MemberKey.End.RETIRED,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("In a sentence"),
        help_text=_("Kept with the key; only you and the stewards read it."),
        required=False,
        max_length=300,
    )


class WhomForm(forms.Form):
    """A member by number."""

    number = forms.IntegerField(label=_("Member number"), min_value=1, max_value=2**31 - 1)

    def clean_number(self) -> int:
        """The number of somebody who was admitted."""
        number: int = self.cleaned_data["number"]
        if not Member.objects.filter(number=number).exists():
            raise forms.ValidationError(_("Nobody has this number."))
        return number


class DaysForm(forms.Form):
    """For how long a vouch shall hold."""

    days = forms.IntegerField(label=_("For how many days"), min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = longest_days()
        field: Any = self.fields["days"]
        field.initial = min(USUAL_DAYS, most)
        field.help_text = _("At most %(most)s. After that the vouch ends by itself.") % {
            "most": most
        }


class RefusedErasureForm(forms.Form):
    """Why a person is not erased."""

    answer = forms.CharField(
        label=_("Reason"),
        help_text=_("The person reads this sentence, and may ask again."),
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
    )
