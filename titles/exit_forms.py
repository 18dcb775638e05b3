"""What people type about giving shares back and leaving."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from members.models import Member
from titles.forms import CountForm
from titles.models import RedemptionRequest, Title
from titles.services.leaving import PASS_ON, REDEEM

PLANS = [(REDEEM, _("give them back to the pool")), (PASS_ON, _("pass them on to other members"))]
REASON = 300


class RedeemForm(CountForm):
    """How many shares to give back, of which titles; the key makes a second click the same."""

    titles = forms.ModelMultipleChoiceField(
        queryset=Title.objects.none(),
        required=False,
        label=_("From which titles?"),
        help_text=_("Leave all empty to begin with the oldest."),
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        max_length=REASON,
        help_text=_("If you are in need, say so: a steward can serve you before others."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, member: Member, pool: Pool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        live = Title.objects.filter(member=member, pool=pool, state=Title.State.LIVE)
        field = self.fields["titles"]
        field.queryset = live.order_by("number")  # type: ignore[attr-defined]
        field.label_from_instance = title_label  # type: ignore[attr-defined]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the titles chosen, the oldest first."""
        return [title.number for title in self.cleaned_data["titles"]]


def title_label(title: Title) -> str:
    """A title beside its shares."""
    return _("%(title)s, %(count)s shares") % {"title": title, "count": title.units}


class ClassForm(forms.Form):
    """Who is served before others, and why."""

    klass = forms.ChoiceField(label=_("Served as"), choices=RedemptionRequest.Class.choices)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON,
        help_text=_("Whoever waits behind has a right to it."),
    )


class PlanForm(forms.Form):
    """What becomes of the shares, pool by pool."""

    text = forms.CharField(
        label=_("Why do you leave?"),
        required=False,
        max_length=REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("You need not say. It helps us to do better."),
    )

    def __init__(self, *args: Any, pools: list[Pool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = self.fields.pop("text")
        for pool in pools:
            self.fields[f"plan_{pool.code}"] = forms.ChoiceField(
                label=_("Your shares of %(pool)s") % {"pool": pool.name},
                choices=PLANS,
                widget=forms.RadioSelect,
                initial=REDEEM,
            )
        self.fields["text"] = text

    @property
    def plan(self) -> dict[str, str]:
        """Pool code → what becomes of the shares."""
        named = self.cleaned_data.items()
        return {n.removeprefix("plan_"): v for n, v in named if n.startswith("plan_")}


class ConfirmForm(PlanForm):
    """The plan, confirmed; the key makes a second click the same."""

    key = forms.UUIDField(widget=forms.HiddenInput)
