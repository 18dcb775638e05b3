"""What people type about membership."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Contact, Member, MemberEvent, Role
from members.transitions import TRANSITIONS

STATES_BY_PAGE = (
    Member.State.ACTIVE,
    Member.State.SUSPENDED,
    Member.State.LEAVING,
    Member.State.LEFT,
    Member.State.EXPELLED,
    Member.State.DECEASED,
)
"""What the page on states leads to; applying, admitting and refusing have pages of their own."""


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A day, with the browser's calendar."""
    return forms.DateField(
        label=label, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **more
    )


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
    born_on = day_field(
        _("Date of birth"),
        required=False,
        help_text=_("Of a person; it helps to tell two of the same name apart."),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        help_text=_("Only to reach you; forgotten some time after you leave."),
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
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


class RegisterFilterForm(forms.Form):
    """Which part of the register to show."""

    search = forms.CharField(
        label=_("Name, number or e-mail"),
        required=False,
        max_length=100,
        widget=forms.TextInput({"type": "search"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("every state")), *Member.State.choices],
    )


class AsOfForm(forms.Form):
    """The register of which day, as known when."""

    day = day_field(_("As it was on"), required=False)
    known = forms.DateTimeField(
        label=_("As we knew it at"),
        required=False,
        help_text=_("Empty: with everything that was recorded since."),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    whom = forms.ChoiceField(
        label=_("Whom"),
        required=False,
        choices=[
            ("members", _("members of that day")),
            ("all", _("all admitted by then")),
        ],
    )


class ParticularsForm(forms.Form):
    """Name and address, from a day on."""

    name = forms.CharField(label=_("Name"), max_length=200)
    address = forms.CharField(
        label=_("Postal address"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
    )
    born_on = day_field(_("Date of birth"), required=False)
    valid_from = day_field(
        _("Since"), help_text=_("The register of earlier days keeps what was there before.")
    )


class AddressForm(forms.Form):
    """A member's own new address, from a day on."""

    address = forms.CharField(
        label=_("Postal address"),
        max_length=500,
        widget=forms.Textarea({"rows": 3, "autocomplete": "street-address"}),
    )
    valid_from = day_field(
        _("Since"), help_text=_("The register of earlier days keeps what was there before.")
    )


class ContactForm(forms.Form):
    """How to reach a member."""

    way = forms.ChoiceField(
        label=_("Best way"), choices=Contact.Way.choices, widget=forms.RadioSelect
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("For letters from us; the address that signs you in is kept elsewhere."),
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )
    address = forms.CharField(
        label=_("Address for letters"),
        required=False,
        max_length=500,
        help_text=_("Only where it is not the one on the register."),
        widget=forms.Textarea({"rows": 3}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("en", "English"), ("de", "Deutsch")]
    )


class NomineeForm(forms.Form):
    """Whom the shares go to on death."""

    name = forms.CharField(label=_("Name"), max_length=200)
    contact = forms.CharField(
        label=_("How to reach them"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
    )
    number = forms.IntegerField(
        label=_("Member number"),
        required=False,
        min_value=1,
        help_text=_("Where they are a member too."),
    )


class TextForm(forms.Form):
    """A few sentences."""

    text = forms.CharField(
        label=_("In your words"), max_length=4000, widget=forms.Textarea({"rows": 6})
    )


class StateForm(forms.Form):
    """What a member becomes, why, and since when; only what the member's state allows."""

    change = forms.ChoiceField(label=_("What happened?"), widget=forms.RadioSelect)
    effective_on = day_field(_("Since"))
    text = forms.CharField(
        label=_("Reason in words"),
        required=False,
        max_length=2000,
        help_text=_("The member reads it. A suspension or expulsion needs one."),
        widget=forms.Textarea({"rows": 4}),
    )
    appeal = forms.CharField(
        label=_("How the member may appeal"),
        required=False,
        max_length=2000,
        help_text=_("To whom, and until when."),
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, state: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["change"].choices = changes_from(state)  # type: ignore[attr-defined]


def changes_from(state: str) -> list[tuple[str, str]]:
    """What a steward may record of a member in this state, as "to:reason"."""
    return [
        (
            f"{new}:{reason}",
            _("%(state)s: %(reason)s")
            % {"state": Member.State(new).label, "reason": MemberEvent.Reason(reason).label},
        )
        for (old, new), reasons in TRANSITIONS.items()
        if old == state and old != Member.State.APPLICANT and new in STATES_BY_PAGE
        for reason in MemberEvent.Reason
        if reason in reasons
    ]


class RoleForm(forms.Form):
    """An office for a member's user, until a day where it has a term."""

    name = forms.ChoiceField(label=_("Office"), choices=Role.Name.choices)
    until = day_field(
        _("Until"), required=False, help_text=_("The last day; empty: until it is ended.")
    )
    source = forms.CharField(
        label=_("What decided it"),
        max_length=100,
        help_text=_("A meeting and its day, or the number of a decision."),
    )


class EndRoleForm(forms.Form):
    """What ends an office."""

    source = forms.CharField(
        label=_("What decided it"),
        max_length=100,
        help_text=_("A meeting and its day, a letter of resignation, or a decision."),
    )


class LinkForm(forms.Form):
    """Who counts as one with this member."""

    number = forms.IntegerField(label=_("Number of the other member"), min_value=1)
    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        help_text=_("What shows that the two are one for caps. Nothing is merged."),
    )


class RepresentativeForm(forms.Form):
    """Who acts for an organisation."""

    email = forms.EmailField(
        label=_("E-mail address of the user"), help_text=_("They need to have signed up.")
    )
    source = forms.CharField(
        label=_("What shows that they may"),
        max_length=200,
        help_text=_("An entry in a public register, a letter, a minute."),
    )


class BylawsForm(forms.Form):
    """A new version of the bylaws."""

    version = forms.CharField(label=_("Version"), max_length=20)
    valid_from = day_field(_("In force from"))
    text = forms.CharField(
        label=_("Text"),
        max_length=100_000,
        help_text=_("One paragraph a line."),
        widget=forms.Textarea({"rows": 18}),
    )
    source = forms.CharField(
        label=_("What decided it"),
        max_length=100,
        help_text=_("A meeting and its day, or the number of a decision."),
    )
