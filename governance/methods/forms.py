"""The ballot of each kind of vote, as a form that needs no script.

Every form gives `answer()`: what `cast` takes. A ballot filled in by an earlier answer starts with
it, so that voting again begins with what counts now.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from governance import ranking
from governance.answers import option_names
from governance.counting import ABSTAIN, AGAINST, FOR
from governance.models import Proposal
from payments.forms import fresh_key

Kind = Proposal.Kind
MOTION_CHOICES = [(FOR, _("For")), (AGAINST, _("Against")), (ABSTAIN, _("Abstain"))]
CONSENT_CHOICES = [
    ("consent", _("I consent: it is good enough for now and safe enough to try")),
    ("object", _("I object: it would harm what we are here for")),
    ("abstain", _("Abstain")),
]
OPEN_REASON = _("Members can read it with your name after the close; the public cannot.")
OBJECTION_REASON = _(
    "Beside an objection members read it at once, with your name, otherwise after the close; the "
    "public cannot."
)


MOST_NUMBER = 999
"""beside an option of a ranking: gaps mean nothing, so anybody may count in tens"""
MOST_DIGITS = 10


class BallotForm(forms.Form):
    """What every ballot has: a reason, and the key that makes a second sending the same."""

    template: ClassVar[str] = "governance/ballots/choice.html"
    reason = forms.CharField(
        label=_("Your reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=OPEN_REASON,
    )
    key = forms.CharField(
        widget=forms.HiddenInput, max_length=80, initial=fresh_key, required=False
    )

    def __init__(self, data: QueryDict | None, *, proposal: Proposal, answer: Any = None) -> None:
        self.proposal = proposal
        self.options = option_names(proposal)
        super().__init__(data, initial={} if answer is None else self.from_answer(answer))
        if proposal.ballot_kind == Proposal.BallotKind.SEALED:
            # A reason beside a sealed ballot would say how it was cast.
            del self.fields["reason"]

    def from_answer(self, answer: Any) -> dict[str, Any]:
        """The fields that would give this answer."""
        return {"choice": answer}

    def answer(self) -> Any:
        """What was answered, as `cast` takes it."""
        return self.cleaned_data["choice"]


class MotionForm(BallotForm):
    """For, against or abstain."""

    choice = forms.ChoiceField(
        label=_("How do you vote?"), choices=MOTION_CHOICES, widget=forms.RadioSelect
    )
    field_order = ("choice", "reason", "key")


class ConsentForm(BallotForm):
    """Consent, object with reasons and a proposed change (R21), or abstain."""

    choice = forms.ChoiceField(
        label=_("Can you live with it?"), choices=CONSENT_CHOICES, widget=forms.RadioSelect
    )
    change = forms.CharField(
        label=_("What would have to change?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For an objection: the change with which you could consent."),
    )
    field_order = ("choice", "reason", "change", "key")

    def __init__(self, data: QueryDict | None, *, proposal: Proposal, answer: Any = None) -> None:
        super().__init__(data, proposal=proposal, answer=answer)
        if "reason" in self.fields:
            self.fields["reason"].help_text = OBJECTION_REASON

    def clean(self) -> dict[str, Any]:
        """An objection says why, and what would settle it."""
        data = super().clean() or self.cleaned_data
        if data.get("choice") == "object":
            for name, message in (
                ("reason", _("Say why you object: others can only answer reasons.")),
                ("change", _("Say what would have to change.")),
            ):
                if name in self.fields and not data.get(name, "").strip():
                    self.add_error(name, message)
        return data


class ApprovalForm(BallotForm):
    """Every option that one can agree to; none is an abstention."""

    approved = forms.MultipleChoiceField(
        label=_("Which of them do you agree to?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("As many as you like; with none you abstain."),
    )
    field_order = ("approved", "reason", "key")

    def __init__(self, data: QueryDict | None, *, proposal: Proposal, answer: Any = None) -> None:
        super().__init__(data, proposal=proposal, answer=answer)
        self.fields["approved"].choices = list(self.options.items())  # type: ignore[attr-defined]

    def from_answer(self, answer: Any) -> dict[str, Any]:
        return {"approved": answer}

    def answer(self) -> list[str]:
        """The ids of what was agreed to."""
        return sorted(self.cleaned_data["approved"])


class OptionsForm(BallotForm):
    """A number beside each option; `lowest` to `most` are taken, empty is none."""

    template = "governance/ballots/numbers.html"
    lowest, most = 0, 5

    def __init__(self, data: QueryDict | None, *, proposal: Proposal, answer: Any = None) -> None:
        super().__init__(data, proposal=proposal, answer=answer)
        self.prepare()
        for option, name in self.options.items():
            self.fields[f"option_{option}"] = forms.IntegerField(
                label=name, required=False, min_value=self.lowest, max_value=self.most
            )

    def prepare(self) -> None:
        """Set the bounds, where the vote sets them."""

    def numbers(self) -> dict[str, int | None]:
        """Option → number, as typed."""
        return {option: self.cleaned_data.get(f"option_{option}") for option in self.options}

    def rows(self) -> Iterator[tuple[str, BoundField]]:
        """(option, its field) in the order of the options."""
        return ((option, self[f"option_{option}"]) for option in self.options)

    def from_answer(self, answer: Any) -> dict[str, Any]:
        return {f"option_{option}": number for option, number in answer.items()}


class ScoreForm(OptionsForm):
    """Points from nothing to the scale's end for each option."""

    def prepare(self) -> None:
        self.most = int((self.proposal.terms or {}).get("scale") or self.most)

    def answer(self) -> dict[str, int]:
        """Option → points, of those that got any."""
        return {option: n for option, n in self.numbers().items() if n is not None}


class RankingForm(OptionsForm):
    """A ranking by numbers, which two buttons beside each option change by one step."""

    template = "governance/ballots/ranking.html"
    lowest, most = 1, MOST_NUMBER
    ties_allowed: ClassVar[bool] = True

    def __init__(
        self,
        data: QueryDict | None,
        *,
        proposal: Proposal,
        answer: Any = None,
        move: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(data, proposal=proposal, answer=answer)
        self.moved = ""
        if move is not None:
            self._take_step(*move)

    def _take_step(self, way: str, option: str) -> None:
        """Show the typed ranking with one step taken; nothing is cast.

        What is no number comes back as it was typed, with what is wrong.
        """
        if any(name.startswith("option_") for name in self.errors):
            return
        ranks, self.moved = ranking.ranks_from(self.numbers()), f"{way}:{option}"
        if option in self.options:
            ranks = ranking.moved(ranks, option, way)
        kept = {name: self.data.get(name, "") for name in ("reason", "key")}
        self.initial = {**kept, **self.from_answer(ranks)}
        self.data, self.is_bound, self._errors = QueryDict(), False, None

    def from_answer(self, answer: Any) -> dict[str, Any]:
        return super().from_answer(ranking.numbers_of(answer, self.options))

    def rows(self) -> Iterator[tuple[str, BoundField]]:
        """(option, its field), the best ranked first, as the page was last sent."""
        numbers = {option: self._shown(option) for option in self.options}
        ordered = ranking.in_order(ranking.ranks_from(numbers), list(self.options))
        return ((option, self[f"option_{option}"]) for option in ordered)

    def _shown(self, option: str) -> int | None:
        value = str(self[f"option_{option}"].value())
        return int(value) if value.isdecimal() and len(value) < MOST_DIGITS else None

    def clean(self) -> dict[str, Any]:
        """In an election each rank holds one name: a ballot could not be read beyond two."""
        data = super().clean() or self.cleaned_data
        shared = [rank for rank in ranking.ranks_from(self.numbers()) if len(rank) > 1]
        if shared and not self.ties_allowed:
            names = ", ".join(self.options[option] for option in shared[0])
            raise ValidationError(
                _("Give each number once; these have the same: %(names)s."),
                params={"names": names},
            )
        return data

    def answer(self) -> ranking.Ranks:
        """The ranks, best first; none is an abstention."""
        return ranking.ranks_from(self.numbers())


class ElectionForm(RankingForm):
    """A ranking of people in which nobody shares a number."""

    ties_allowed = False


FORMS: dict[str, type[BallotForm]] = {
    Kind.MOTION: MotionForm,
    Kind.CONSENT: ConsentForm,
    Kind.APPROVAL: ApprovalForm,
    Kind.SCORE: ScoreForm,
    Kind.RANKED: RankingForm,
    Kind.IRV: ElectionForm,
    Kind.STV: ElectionForm,
}


def ballot_form(
    proposal: Proposal, data: QueryDict | None = None, *, answer: Any = None
) -> BallotForm:
    """The ballot of this vote; with data that asks for a step of a ranking, the step is taken."""
    form = FORMS[proposal.kind]
    move = "" if data is None else data.get("move", "")
    if issubclass(form, RankingForm) and ":" in move:
        way, _mark, option = move.partition(":")
        return form(data, proposal=proposal, answer=answer, move=(way, option))
    return form(data, proposal=proposal, answer=answer)
