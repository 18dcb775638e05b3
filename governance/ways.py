"""How a proposal is to be decided: what the form of every proposal asks besides its content."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from governance.actions import Action, action_named
from governance.lifecycle.access import may_amend
from governance.models import Proposal
from governance.terms import chambers_for

Kind = Proposal.Kind
WAYS = {
    Kind.MOTION: _("By for and against"),
    Kind.CONSENT: _("By consent: it passes if nobody has an objection that stands"),
    Kind.RANKED: _("By ranking several options, “keep things as they are” among them"),
    Kind.APPROVAL: _("By agreeing to as many of the options as one likes"),
    Kind.SCORE: _("By giving points to each option"),
    Kind.IRV: _("By electing one"),
    Kind.STV: _("By electing several, so that each larger group gets seats"),
}
WITH_OPTIONS = (Kind.RANKED, Kind.APPROVAL, Kind.SCORE)
MOST_SEATS = 50


class WayForm(forms.Form):
    """Kind of vote, options, seats, and whether ballots are sealed.

    A field that an action leaves no choice about is not there.
    """

    kind = forms.ChoiceField(
        label=_("How shall it be decided?"), widget=forms.RadioSelect, required=False
    )
    options = forms.CharField(
        label=_("The options, one a line"),
        required=False,
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For a ranking, agreement or points: at least two."),
    )
    seats = forms.IntegerField(
        label=_("How many are to be elected?"),
        required=False,
        min_value=1,
        max_value=MOST_SEATS,
        help_text=_("Where several are elected; otherwise one."),
    )
    secret = forms.BooleanField(
        label=_("Secret: sealed ballots, which trustees count away from the site"),
        required=False,
        help_text=_("The board shows who voted, and never how. It needs trustees with keys."),
    )

    def __init__(self, data: QueryDict | None, *, action: Action) -> None:
        super().__init__(data)
        self.kinds = kinds_of(action)
        kind: Any = self.fields["kind"]
        kind.choices = [(one, WAYS[one]) for one in self.kinds]
        kind.initial = self.kinds[0]
        if len(self.kinds) == 1:
            del self.fields["kind"]
        if not set(self.kinds) & set(WITH_OPTIONS):
            del self.fields["options"]
        if Kind.STV not in self.kinds:
            del self.fields["seats"]
        if len(chambers_for(action)) > 1:
            del self.fields["secret"]

    @property
    def unusual(self) -> bool:
        """Whether something other than what comes by itself was chosen: then it is shown open."""
        return self.is_bound and bool(self.errors or self.said() != self.usual())

    def usual(self) -> dict[str, Any]:
        """What holds where nothing is chosen."""
        return {
            "kind": self.kinds[0],
            "options": [],
            "seats": 1,
            "ballot_kind": Proposal.BallotKind.OPEN,
        }

    def clean(self) -> dict[str, Any]:
        """Options where the kind has some, and only there; seats where several are elected."""
        data = super().clean() or self.cleaned_data
        kind = data.get("kind") or self.kinds[0]
        names = lines_of(data.get("options", ""))
        if kind in WITH_OPTIONS and len(set(names)) < 2:
            self.add_error("options", _("Write at least two different options, one a line."))
        if names and kind not in (*WITH_OPTIONS, Kind.IRV, Kind.STV):
            self.add_error(
                "options", _("Choose a kind of vote that has options, or leave it empty.")
            )
        if (data.get("seats") or 1) > 1 and kind != Kind.STV:
            raise ValidationError(_("Only an election of several fills more than one seat."))
        return data

    def said(self) -> dict[str, Any]:
        """What `propose` takes: kind, options, seats, ballot_kind."""
        data = getattr(self, "cleaned_data", {})
        sealed = data.get("secret", False)
        return {
            "kind": data.get("kind") or self.kinds[0],
            "options": [{"name": name} for name in lines_of(data.get("options", ""))],
            "seats": data.get("seats") or 1,
            "ballot_kind": Proposal.BallotKind.SEALED if sealed else Proposal.BallotKind.OPEN,
        }


def kinds_of(action: Action) -> list[Kind]:
    """The kinds that this form offers for an action, the usual one first.

    Rival versions of an action with content are not lines of text: they are added to its draft,
    each by the action's own form.
    """
    left_out = (Kind.RANKED,) if action.schema else ()
    return [Kind(kind) for kind in action.kinds if kind not in left_out]


def may_add_option(user: Any, proposal: Proposal) -> bool:
    """Whether somebody may put a rival version beside what a proposal does (R15)."""
    action = action_named(proposal.action)
    ranks = bool(action.schema) and Kind.RANKED in action.kinds
    return ranks and proposal.kind in (Kind.MOTION, Kind.RANKED) and may_amend(user, proposal)


def lines_of(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]
