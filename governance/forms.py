"""What people type about votes: proposals and ballots."""

import json
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.queries import resources_of
from governance.counting import ABSTAIN, AGAINST, FOR
from policies.registry import PARAMETERS

MICROCENT_DIGITS = 8
CHOICES = [(FOR, _("For")), (AGAINST, _("Against")), (ABSTAIN, _("Abstain"))]


def fresh_key() -> str:
    """A key that makes a form sent twice count once."""
    return uuid.uuid4().hex


class ProposalForm(forms.Form):
    """What every proposal says; a form for one type of action adds its fields."""

    title = forms.CharField(
        label=_("What shall be decided?"),
        max_length=160,
        help_text=_("One line that says it, so that everybody knows what a yes means."),
    )
    text = forms.CharField(
        label=_("Why?"),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=20_000,
        help_text=_("The reasons, what it costs, whom it concerns."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80, initial=fresh_key)

    def payload(self) -> dict[str, Any]:
        """What the action is told."""
        return {}


class PostedPriceForm(ProposalForm):
    """A price for one resource of one pool."""

    yields = forms.ChoiceField(label=_("Price of what?"))
    price = forms.DecimalField(
        label=_("New price per token"),
        max_digits=14,
        decimal_places=MICROCENT_DIGITS,
        min_value=0,
        localize=True,
        help_text=_(
            "What one token (a GB, a GB·day, a core·hour) costs those who use more than they "
            "hold. Never below its cost. The running period keeps its price."
        ),
    )
    field_order = ("yields", "price", "title", "text", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["yields"].choices = yield_choices()  # type: ignore[attr-defined]

    def payload(self) -> dict[str, Any]:
        pool, resource = self.cleaned_data["yields"].split(":")
        price: Decimal = self.cleaned_data["price"]
        return {"pool": pool, "resource": resource, "price": int(price.scaleb(MICROCENT_DIGITS))}


class PolicyForm(ProposalForm):
    """A parameter of policy."""

    parameter = forms.ChoiceField(label=_("Which rule?"))
    scope = forms.ChoiceField(label=_("Where does it hold?"), required=False)
    value = forms.CharField(
        label=_("New value"),
        max_length=200,
        help_text=_(
            "As the list of rules shows it: a whole number, true or false, or [1, 2, true] for "
            "“more than 1 of 2”."
        ),
    )
    field_order = ("parameter", "scope", "value", "title", "text", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(p.key, p.title) for p in PARAMETERS.values() if p.key != "posted_price"]
        self.fields["parameter"].choices = named  # type: ignore[attr-defined]
        self.fields["scope"].choices = scope_choices()  # type: ignore[attr-defined]

    def clean_value(self) -> Any:
        """The value as JSON, or the bare word."""
        text = self.cleaned_data["value"].strip()
        try:
            return json.loads(text)
        except ValueError:
            return text

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"key": data["parameter"], "scope": data["scope"], "value": data["value"]}


class BallotForm(forms.Form):
    """One answer with an optional reason."""

    choice = forms.ChoiceField(
        label=_("How do you vote?"), choices=CHOICES, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Your reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Members can read it with your name after the close; the public cannot."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80, initial=fresh_key)


PROPOSAL_FORMS: dict[str, type[ProposalForm]] = {
    "set_posted_price": PostedPriceForm,
    "set_policy": PolicyForm,
    "resolution": ProposalForm,
}


def yield_choices() -> list[tuple[str, str]]:
    """Every resource of every pool as "<pool>:<resource>"; all resources where none is known."""
    everything = list(Resource.objects.all())
    return [
        (f"{pool.code}:{resource.code}", f"{pool.name}: {resource.name}")
        for pool in Pool.objects.all()
        for resource in resources_of(pool) or everything
    ]


def scope_choices() -> list[tuple[str, Any]]:
    """The whole cooperative, or one pool."""
    pools = [(pool.code, pool.name) for pool in Pool.objects.all()]
    return [("", _("everywhere")), *pools]
