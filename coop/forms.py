"""Forms of the site itself."""

from django import forms
from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _


class PreferencesForm(forms.Form):
    """Language, theme, or both; and the page to go back to."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    theme = forms.ChoiceField(
        choices=[("auto", "auto"), ("light", "light"), ("dark", "dark")], required=False
    )
    next = forms.CharField(required=False)

    def clean_next(self) -> str:
        """Only a page of this site."""
        url = str(self.cleaned_data["next"])
        return url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else "/"


class SampleForm(forms.Form):
    """The fields of the style guide."""

    shares = forms.IntegerField(
        label=_("Number of shares"), help_text=_("A whole number."), min_value=1
    )
    way = forms.ChoiceField(
        label=_("How to pay"),
        choices=[("transfer", _("Bank transfer")), ("credit", _("From my credit"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    agree = forms.BooleanField(
        label=_("I know that shares carry cost"),
        help_text=_("An owner's share of the recurring cost is their share of the output."),
    )
