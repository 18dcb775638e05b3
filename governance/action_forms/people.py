"""Forms of proposals on offices, on a suspension, and on the bylaws."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.actions.bylaws import LONGEST_TEXT, LONGEST_VERSION
from governance.actions.offices_given import GIVEN
from governance.forms import ProposalForm
from members.models import BylawsVersion, Member, Role
from members.queries import bylaws_in_force
from payments.forms import DayInput


class AboutMemberForm(ProposalForm):
    """A member by their number."""

    number = forms.IntegerField(label=_("Member number"), min_value=1)

    def clean_number(self) -> int:
        """The id of the member of this number."""
        found = Member.objects.filter(number=self.cleaned_data["number"]).first()
        if found is None:
            raise ValidationError(_("Nobody has this member number."))
        return found.pk


class LiftForm(AboutMemberForm):
    """Whose suspension is lifted, and why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "The member reads it, and so do all who vote. The public reads the text below."
        ),
    )
    field_order = ("number", "reason", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"member": data["number"], "reason": data["reason"]}


class EndOfficeForm(AboutMemberForm):
    """Whose office ends."""

    office = forms.ChoiceField(
        label=_("Which office?"),
        choices=lambda: [(name, Role.Name(name).label) for name in GIVEN],
    )
    field_order: Iterable[str] | None = ("number", "office", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"member": data["number"], "office": data["office"]}


class OfficeForm(EndOfficeForm):
    """Who gets an office, and until when."""

    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=DayInput(),
        help_text=_("Left empty, it lasts until another vote."),
    )
    field_order = ("number", "office", "until", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        until = self.cleaned_data["until"]
        return super().payload() | {"until": until.isoformat() if until else ""}


class BylawsForm(ProposalForm):
    """The bylaws as they shall be."""

    version = forms.CharField(
        label=_("Name of the version"),
        max_length=LONGEST_VERSION,
        help_text=_("One that no version has, for example the month: 2027-01."),
    )
    bylaws = forms.CharField(
        label=_("The bylaws as they shall be"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=_("The whole text, one paragraph a line. What differs is shown to who votes."),
    )
    since = forms.DateField(
        label=_("In force from"),
        required=False,
        widget=DayInput(),
        help_text=_("Left empty, it holds once the decision is carried out; never before."),
    )
    field_order = ("version", "bylaws", "since", "title", "text", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bylaws"].initial = bylaws_in_force().text
        self.fields["version"].initial = f"{timezone.localdate():%Y-%m}"

    def clean_version(self) -> str:
        """A name that no version has."""
        version: str = self.cleaned_data["version"].strip()
        if BylawsVersion.objects.filter(version=version).exists():
            raise ValidationError(_("There is a version of this name already."))
        return version

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        text = data["bylaws"].strip().replace("\r\n", "\n")
        since = data["since"].isoformat() if data["since"] else ""
        return {"version": data["version"], "text": text, "from": since}
