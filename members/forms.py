"""What people type about membership."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Member


class ApplicationForm(forms.Form):
    """An application: who, and the two consents, each in a sentence."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("As it shall stand on the register. Titles show a number, not this name."),
        max_length=200,
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    kind = forms.ChoiceField(
        label=_("I apply as"),
        choices=Member.Kind.choices,
        initial=Member.Kind.PERSON,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Postal address"),
        help_text=_("For the register; only stewards see it."),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3, "autocomplete": "street-address"}),
    )
    bylaws = forms.BooleanField(
        label=_("I have read the bylaws and accept them"),
        error_messages={"required": _("Nobody can join without accepting the bylaws.")},
    )
    conversion = forms.BooleanField(
        label=_("What I pay above cost may become shares of mine"),
        help_text=_(
            "Shares bring you tokens each period and carry their part of the cost, used or not. "
            "You can take this back at any time; then the money stays yours as credit."
        ),
        required=False,
        initial=True,
    )


class RefusalForm(forms.Form):
    """Why an application is refused."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The applicant reads this sentence, and may apply again."),
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
    )


class ConsentForm(forms.Form):
    """The consent to conversion, given or taken back."""

    consents = forms.BooleanField(required=False)
