"""What people type about sanctions and appeals."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.models import Sanction, SanctionAppeal
from members.models import Member
from members.queries import active_members
from tokens.given_forms import LOCAL, MomentField


class SanctionForm(forms.Form):
    """One step against a member."""

    member = forms.IntegerField(min_value=1, label=_("Member number"))
    step = forms.ChoiceField(
        choices=Sanction.Step.choices,
        label=_("Step"),
        help_text=_("A limit needs a warning before it, a suspension a limit."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea({"rows": 4}),
        max_length=2000,
        help_text=_("What happened, and when. The member and a panel read it."),
    )
    until = MomentField(label=_("Until"), help_text=_("It ends by itself at this moment."))
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        later = timezone.localtime() + timedelta(days=28)
        self.fields["until"].initial = later.strftime(LOCAL)

    def clean_member(self) -> Member:
        """The active member with this number."""
        found = active_members().filter(number=self.cleaned_data["member"]).first()
        if found is None:
            raise ValidationError(_("No active member has this number."))
        return found


class ReasonForm(forms.Form):
    """Why a sanction ends early."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea({"rows": 3}), max_length=400)


class AppealForm(forms.Form):
    """What a member answers."""

    text = forms.CharField(
        label=_("Why it should end"),
        widget=forms.Textarea({"rows": 6}),
        max_length=4000,
        help_text=_("Those whom the lot draws read it, beside the steward's reason."),
    )


class VoteForm(forms.Form):
    """A panelist's vote with its reason."""

    vote = forms.ChoiceField(
        choices=SanctionAppeal.Result.choices, widget=forms.RadioSelect, label=_("Your vote")
    )
    reason = forms.CharField(
        label=_("Your reason"),
        widget=forms.Textarea({"rows": 4}),
        max_length=2000,
        help_text=_("The member and the stewards read it, without your name."),
    )
