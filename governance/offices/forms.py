"""What people type about offices: standing, petitions, emergencies, answers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from governance.actions.offices import MOST_DRAWN
from governance.forms import ProposalForm
from governance.offices.emergencies import POSSIBLE
from members.models import Member
from metering.models import Node

LONGEST_TEXT = 5000


class ElectStewardsForm(ProposalForm):
    """An election of stewards; who stands is not the proposer's to say."""


class ElectAuditorsForm(ProposalForm):
    """An election of auditors, and how many the lot draws besides."""

    drawn = forms.IntegerField(
        label=_("Members drawn by lot besides"),
        min_value=0,
        max_value=MOST_DRAWN,
        initial=1,
        help_text=_("From all who may vote as users and hold no office."),
    )
    field_order = ("drawn", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        return {"drawn": self.cleaned_data["drawn"]}


class StandForm(forms.Form):
    """What a candidate says of themselves."""

    statement = forms.CharField(
        label=_("What should voters know of you?"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Your name is on the ballot, which the public can read. Members read this."),
    )


class NameForm(forms.Form):
    """Somebody who is asked to stand."""

    number = forms.IntegerField(label=_("Member number of who shall stand"), min_value=1)

    def clean_number(self) -> Member:
        """The member of this number."""
        found = Member.objects.filter(number=self.cleaned_data["number"]).first()
        if found is None:
            raise ValidationError(_("Nobody has this member number."))
        return found


class PetitionForm(forms.Form):
    """Why somebody should leave their office."""

    text = forms.CharField(
        label=_("Why should they leave the office?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("It becomes the text of the vote, which everybody can read, the public too."),
    )


class EmergencyForm(forms.Form):
    """Which node, why, and what shows it."""

    node = forms.ModelChoiceField(
        label=_("Which node?"),
        queryset=Node.objects.filter(state__in=POSSIBLE),
        to_field_name="uuid",
        empty_label=None,
    )
    reason = forms.CharField(
        label=_("Because"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In a sentence that everybody will read on the node’s page."),
    )
    evidence = forms.CharField(
        label=_("Evidence"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "What shows it: batches and their chain values, readings, what was seen where and "
            "when. Members read it; the public reads its hash. The same facts serve only once."
        ),
    )


class AnswerForm(forms.Form):
    """What the node's people say."""

    text = forms.CharField(
        label=_("Your answer, for the record"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("It stands beside the vote for all members and cannot be changed later."),
    )
