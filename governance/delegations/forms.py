"""What people type to name somebody."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.answers import WORDS
from governance.delegations.services import Meant
from governance.delegations.showing import AREAS
from governance.methods.answers import CONSENT
from governance.models import Delegation, Proposal
from members.models import Member
from members.queries import active_members
from tokens.given_forms import LOCAL, MomentField

Kind, Scope = Delegation.Kind, Delegation.Scope
BINDING = {"motion": ("for", "against", "abstain"), "consent": CONSENT}


class HolderForm(forms.Form):
    """Whom to name."""

    holder = forms.IntegerField(min_value=1, label=_("Member number"))
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def clean_holder(self) -> Member:
        """The active member with this number."""
        found = active_members().filter(number=self.cleaned_data["holder"]).first()
        if found is None:
            raise ValidationError(_("No active member has this number."))
        return found


class ProxyForm(HolderForm):
    """Somebody for one vote; bound to an answer where an answer is one word."""

    kind = forms.ChoiceField(
        label=_("As"),
        choices=Kind.choices,
        initial=Kind.PROXY,
        help_text=_(
            "A proxy is for this one person: if they do not vote, it does not count. A delegation "
            "leads on to whomever they named themselves."
        ),
    )
    directed = forms.ChoiceField(
        label=_("How they must vote for you"),
        required=False,
        help_text=_("Only a proxy can be bound. Your part counts so, whatever they vote."),
    )

    def __init__(self, proposal: Proposal, enabled: bool, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.proposal = proposal
        answers = BINDING.get(proposal.kind, ())
        if not enabled:
            del self.fields["kind"]
        if not answers:
            del self.fields["directed"]
            return
        words = [(answer, WORDS[answer]) for answer in answers]
        self.fields["directed"].choices = [("", _("as they see fit")), *words]  # type: ignore[attr-defined]

    def meant(self) -> Meant:
        """What was typed."""
        said = self.cleaned_data
        return Meant(
            kind=said.get("kind", Kind.PROXY),
            scope=Scope.PROPOSAL,
            proposal_id=self.proposal.pk,
            directed=said.get("directed") or None,
        )


class StandingForm(HolderForm):
    """Somebody for all votes or an area, until a day."""

    kind = forms.ChoiceField(
        label=_("As"),
        choices=Kind.choices,
        initial=Kind.PROXY,
        help_text=_(
            "A proxy is for this one person: if they do not vote, it does not count. A delegation "
            "leads on to whomever they named themselves."
        ),
    )
    area = forms.ChoiceField(
        label=_("For"),
        required=False,
        help_text=_("What you name somebody for more narrowly goes before what is wider."),
    )
    until = MomentField(label=_("Until"), help_text=_("It ends by itself at this moment."))
    field_order = ["holder", "kind", "area", "until", "key"]

    def __init__(self, enabled: bool, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["area"].choices = [("", _("all votes")), *AREAS.items()]  # type: ignore[attr-defined]
        later = timezone.localtime() + timedelta(days=180)
        self.fields["until"].initial = later.strftime(LOCAL)
        if not enabled:
            del self.fields["kind"]

    def meant(self) -> Meant:
        """What was typed."""
        said = self.cleaned_data
        return Meant(
            kind=said.get("kind", Kind.PROXY),
            scope=Scope.AREA if said["area"] else Scope.ALL,
            area=said["area"],
            until=said["until"],
        )
