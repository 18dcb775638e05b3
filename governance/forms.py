"""What people type about proposals; ballots have governance.methods.forms."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.names import resource_name
from assets.queries import resources_of
from governance import notation
from members.models import Member
from members.queries import applicants
from payments.forms import CentsField, DayInput, RateField, fresh_key
from payments.queries import charge_by_reference
from payments.references import compact
from policies.queries import policy
from policies.registry import MOST_RATE, PARAMETERS
from policies.shapes import Parameter
from titles.campaign_forms import capacity_from, yield_fields
from titles.models import Campaign, Contribution


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
    price = RateField(
        label=_("New price per token"),
        help_text=_(
            "What one token (a GB, a GB·day, a core·hour) costs those who use more than they "
            "hold. Never below its cost. The running period keeps its price."
        ),
    )
    field_order = ("yields", "price", "title", "text", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["yields"].choices = yield_choices()  # type: ignore[attr-defined]

    def clean_price(self) -> int:
        """A price within the bounds of policy."""
        price: int = self.cleaned_data["price"]
        if not PARAMETERS["posted_price"].accepts(price):
            most = notation.write(PARAMETERS["posted_price"], MOST_RATE)
            raise ValidationError(_("A price is at most %(most)s."), params={"most": most})
        return price

    def payload(self) -> dict[str, Any]:
        pool, resource = self.cleaned_data["yields"].split(":")
        return {"pool": pool, "resource": resource, "price": self.cleaned_data["price"]}


class BudgetForm(ProposalForm):
    """A budget for one resource of one pool, in cents per month, from a day on."""

    yields = forms.ChoiceField(label=_("Budget of what?"), choices=lambda: yield_choices())
    amount = CentsField(label=_("Budget per month"))
    since = forms.DateField(label=_("For periods that begin from"), widget=DayInput())
    field_order = ("yields", "amount", "since", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        pool, resource = self.cleaned_data["yields"].split(":")
        amount, since = self.cleaned_data["amount"], self.cleaned_data["since"]
        return {"pool": pool, "resource": resource, "amount": amount, "from": since.isoformat()}


class PolicyForm(ProposalForm):
    """A parameter of policy."""

    parameter = forms.ChoiceField(label=_("Which rule?"))
    scope = forms.ChoiceField(label=_("Where does it hold?"), required=False)
    value = forms.CharField(
        label=_("New value"),
        max_length=200,
        help_text=_(
            "Write it as the value of today beside the rule is written: 1.50 for money, 14 days "
            "for a time, yes or no, 1/2 for a part, “more than half” or “at least 1/5” for what "
            "a vote needs."
        ),
    )
    since = forms.DateField(
        label=_("From which day?"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_(
            "Left empty, it holds once the decision is carried out; it never holds before. A "
            "period that is closed, and a vote that was announced, keep what held then."
        ),
    )
    field_order = ("parameter", "scope", "value", "since", "title", "text", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parameter"].choices = parameter_choices()  # type: ignore[attr-defined]
        self.fields["scope"].choices = scope_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The value as the chosen rule reads it."""
        data = super().clean() or self.cleaned_data
        if "parameter" in data and "value" in data:
            try:
                data["value"] = value_from(PARAMETERS[data["parameter"]], data["value"])
            except ValidationError as error:
                self.add_error("value", error)
        return data

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        named = {"from": data["since"].isoformat()} if data.get("since") else {}
        return {
            "key": data["parameter"], "scope": data["scope"], "value": data["value"], **named,
        }  # fmt: skip


class AdmitMemberForm(ProposalForm):
    """Whose application is put to the vote."""

    application = forms.IntegerField(
        label=_("Number of the application"),
        min_value=1,
        help_text=_("It stands on the stewards’ page of applications. Members read the name."),
    )
    field_order = ("application", "title", "text", "key")

    def clean_application(self) -> int:
        """The id of somebody who applied and waits."""
        number: int = self.cleaned_data["application"]
        if not applicants().filter(pk=number).exists():
            raise ValidationError(_("No application of this number waits."))
        return number

    def payload(self) -> dict[str, Any]:
        return {"member": self.cleaned_data["application"]}


class AgainstMemberForm(ProposalForm):
    """Who is to be suspended or expelled, why, and how they may appeal."""

    number = forms.IntegerField(label=_("Member number"), min_value=1)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "The member reads it, and so do all who vote. The public reads the text below."
        ),
    )
    appeal = forms.CharField(
        label=_("How the member may appeal"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("To whom, and until when."),
    )
    field_order = ("number", "reason", "appeal", "title", "text", "key")

    def clean_number(self) -> int:
        """The id of the member of this number."""
        found = Member.objects.filter(number=self.cleaned_data["number"]).first()
        if found is None:
            raise ValidationError(_("Nobody has this member number."))
        return found.pk

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"member": data["number"], "reason": data["reason"], "appeal": data["appeal"]}


class ContributionForm(ProposalForm):
    """What a member gives, and what it is worth."""

    number = forms.IntegerField(label=_("Member number of the giver"), min_value=1)
    pool = forms.ChoiceField(label=_("For which pool?"))
    given = forms.ChoiceField(label=_("What is given?"), choices=Contribution.Kind.choices)
    what = forms.CharField(
        label=_("Describe it in a few words"),
        max_length=120,
        help_text=_("It stands on the register of assets and on titles, e.g. Router for the hill."),
    )
    value = CentsField(
        label=_("Value"), help_text=_("What it would cost us, e.g. 240.00. Say below why.")
    )
    asset_kind = forms.CharField(
        label=_("Kind of thing"),
        required=False,
        max_length=40,
        help_text=_("For hardware: mast, fibre, router, server, disk shelf."),
    )
    serial = forms.CharField(label=_("Serial number"), required=False, max_length=80)
    place = forms.CharField(label=_("Place"), required=False, max_length=120)
    field_order = (
        "number", "pool", "given", "what", "value", "asset_kind", "serial", "place",
        "title", "text", "key",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pools = [(pool.code, pool.name) for pool in Pool.objects.all()]
        self.fields["pool"].choices = pools  # type: ignore[attr-defined]

    def clean_number(self) -> int:
        """The number of a member."""
        number: int = self.cleaned_data["number"]
        if not Member.objects.filter(number=number).exists():
            raise ValidationError(_("Nobody has this member number."))
        return number

    def clean_value(self) -> int:
        """More than nothing."""
        value: int = self.cleaned_data["value"]
        if value <= 0:
            raise ValidationError(_("Write a value above zero."))
        return value

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        named = ("pool", "what", "value", "asset_kind", "serial", "place")
        return {"member": data["number"], "kind": data["given"], **{n: data[n] for n in named}}


class WriteOffForm(ProposalForm):
    """Which debt is not asked for any more."""

    reference = forms.CharField(
        label=_("Reference of the charge"),
        max_length=40,
        help_text=_("RF and digits. The vote names it, and not who owes it."),
    )
    field_order = ("reference", "title", "text", "key")

    def clean_reference(self) -> str:
        """The reference of a charge, written compactly."""
        reference = compact(self.cleaned_data["reference"])
        if charge_by_reference(reference) is None:
            raise ValidationError(_("No charge has this reference."))
        return reference

    def payload(self) -> dict[str, Any]:
        return {"reference": self.cleaned_data["reference"]}


class AcquireForm(ProposalForm):
    """What the growth fund of a pool shall buy."""

    pool = forms.ModelChoiceField(label=_("For which pool?"), queryset=Pool.objects.all())
    campaign = forms.ModelChoiceField(
        label=_("Campaign that paid for it"),
        queryset=Campaign.objects.filter(state=Campaign.State.OPEN),
        required=False,
        empty_label=_("none: from the growth fund alone"),
    )
    name = forms.CharField(label=_("What is it?"), max_length=120)
    asset_kind = forms.CharField(
        label=_("Kind of thing"),
        max_length=40,
        help_text=_("For hardware: mast, fibre, router, server, disk shelf."),
    )
    cost = CentsField(label=_("What it costs"))
    since = forms.DateField(label=_("In service from"), widget=DayInput())
    field_order = ("pool", "campaign", "name", "asset_kind", "cost", "since")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        yields = yield_fields()
        self.fields.update(yields)
        self.order_fields([*self.field_order, *yields, "title", "text", "key"])

    def clean_cost(self) -> int:
        """More than nothing."""
        cost: int = self.cleaned_data["cost"]
        if cost <= 0:
            raise ValidationError(_("Write a value above zero."))
        return cost

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        campaign = data.get("campaign")
        return {
            "pool": data["pool"].code,
            "campaign": campaign.pk if campaign else 0,
            "name": data["name"],
            "kind": data["asset_kind"],
            "cost": data["cost"],
            "since": data["since"].isoformat(),
            "capacity": capacity_from(data),
        }


def value_from(parameter: Parameter, text: str) -> Any:
    """The value that was typed for a rule; raises ValidationError with notation and bounds."""
    try:
        value = notation.read(parameter, text)
    except notation.Unreadable:
        today = value_today(parameter)
        message = _("Write it like the value of today, “%(today)s”. It takes %(shape)s.")
        raise ValidationError(message, params={"today": today, "shape": parameter.shape}) from None
    if not parameter.accepts(value):
        raise ValidationError(_("It takes %(shape)s."), params={"shape": parameter.shape})
    return value


def value_today(parameter: Parameter) -> str:
    """What holds everywhere now, in the notation that the form takes."""
    return notation.write(parameter, policy(parameter.key, timezone.now()))


def parameter_choices() -> list[tuple[str, str]]:
    """Every rule that this form changes, with its value of today."""
    return [
        (p.key, _("%(rule)s (today: %(value)s)") % {"rule": p.title, "value": value_today(p)})
        for p in PARAMETERS.values()
        if p.key != "posted_price"
    ]


def yield_choices() -> list[tuple[str, str]]:
    """Every resource of every pool as "<pool>:<resource>"; all resources where none is known."""
    everything = list(Resource.objects.all())
    return [
        (f"{pool.code}:{resource.code}", f"{pool.name}: {resource_name(resource)}")
        for pool in Pool.objects.all()
        for resource in resources_of(pool) or everything
    ]


def scope_choices() -> list[tuple[str, Any]]:
    """The whole cooperative, or one pool."""
    pools = [(pool.code, pool.name) for pool in Pool.objects.all()]
    return [("", _("everywhere")), *pools]
