"""What people type when they step into the way of a proposal."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from governance.action_forms.filling import form_values
from governance.forms import ProposalForm
from governance.lifecycle.content import KEEP
from governance.models import Proposal
from governance.presenting import chamber_name
from governance.proposing import PROPOSAL_FORMS
from members.models import Member


class ObjectionForm(forms.Form):
    """Why a user wants the users to decide too."""

    reason = forms.CharField(
        label=_("Your reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Members can read it with your name; the public reads how many object."),
    )


class HaltForm(forms.Form):
    """Why an auditor halts a vote."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Everybody reads it, so name no person."),
    )


class CorrectionForm(forms.Form):
    """Who was left off which roll, and how that came."""

    number = forms.IntegerField(label=_("Member number"), min_value=1)
    chambers = forms.MultipleChoiceField(
        label=_("On which roll?"), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("How did it come about?"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is signed and everybody reads it, so name no person."),
    )

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = proposal.chambers.values_list("name", flat=True)
        choices = [(name, chamber_name(name)) for name in names]
        self.fields["chambers"].choices = choices  # type: ignore[attr-defined]

    def clean_number(self) -> Member:
        """The member of this number."""
        found = Member.objects.filter(number=self.cleaned_data["number"]).first()
        if found is None:
            raise ValidationError(_("Nobody has this member number."))
        return found


def amending_form(proposal: Proposal, data: QueryDict | None) -> ProposalForm:
    """The form that this type of proposal is written with, filled with what it says now."""
    written = PROPOSAL_FORMS.get(proposal.action, ProposalForm)
    values = form_values(proposal.action, proposal.payload)
    said = {"title": proposal.title, "text": proposal.text}
    form = written(data, initial=values | said)
    form.fields.pop("key")
    if has_lines(proposal):
        form.fields["lines"] = _lines_field(proposal)
    form.fields["why"] = _why_field()
    return form


def has_lines(proposal: Proposal) -> bool:
    """Whether its options are plain names, that can be written one to a line."""
    plain = all("payload" not in o and "member" not in o for o in proposal.options)
    return bool(proposal.options) and plain


def _lines_field(proposal: Proposal) -> forms.CharField:
    names = [option["name"] for option in proposal.options if option["id"] != KEEP["id"]]
    return forms.CharField(
        label=_("Options"),
        initial="\n".join(names),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One to a line."),
    )


def _why_field() -> forms.CharField:
    return forms.CharField(
        label=_("What did you change, and why?"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stands beside the new version."),
    )


def amended(form: ProposalForm, proposal: Proposal) -> dict[str, Any]:
    """What a valid form says, as the arguments of `amend` and `joint_text`."""
    data = form.cleaned_data
    said: dict[str, Any] = {"title": data["title"], "text": data["text"]}
    if proposal.action in PROPOSAL_FORMS:
        said["payload"] = form.payload()
    if "lines" in data:
        names = (line.strip() for line in data["lines"].splitlines())
        said["options"] = [{"name": name} for name in names if name]
    return said
