"""What people type in discussions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.discussion.services import LONGEST_POST, LONGEST_REASON
from payments.forms import fresh_key


class PostForm(forms.Form):
    """A post or an answer."""

    text = forms.CharField(
        label=_("What do you want to say?"),
        max_length=LONGEST_POST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Write @ and a member's name or number to call somebody: they get a mail."),
    )
    key = forms.CharField(
        widget=forms.HiddenInput(attrs={"id": "id_post_key"}), max_length=60, initial=fresh_key
    )


class ReasonForm(forms.Form):
    """Why a post is hidden or shown again."""

    reason = forms.CharField(
        label=_("Why?"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everybody can read the reason, the public too: name nobody."),
    )
