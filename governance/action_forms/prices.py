"""Forms of proposals on what shares and tokens cost, and whether shares can be bought."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.forms import TokensField
from assets.models import Pool
from governance import notation
from governance.actions.price_rule import AUCTION, FRACTIONS, RULE
from governance.forms import ProposalForm
from payments.forms import CentsField
from policies.registry import PARAMETERS
from policies.shapes import Choice


def pool_choices() -> list[tuple[str, str]]:
    """Every pool by its code."""
    return [(pool.code, pool.name) for pool in Pool.objects.all()]


def rule_choices() -> list[tuple[str, Any]]:
    """The rules by which prices are made."""
    shape = PARAMETERS[RULE].kind
    assert isinstance(shape, Choice)
    return list(shape.names.items())


class PoolForm(ProposalForm):
    """Which pool it is about."""

    pool = forms.ChoiceField(label=_("For which pool?"), choices=pool_choices)
    field_order: Iterable[str] | None = ("pool", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        return {"pool": self.cleaned_data["pool"]}


class IssuePriceForm(PoolForm):
    """What a share of a pool shall cost."""

    price = CentsField(
        label=_("New price of a share"),
        help_text=_(
            "What buyers pay for a share, and for how much credit one is given, once it is "
            "carried out. New assets are divided by it."
        ),
    )
    field_order = ("pool", "price", "title", "text", "key")

    def clean_price(self) -> int:
        """A price within the bounds of policy."""
        price: int = self.cleaned_data["price"]
        if not PARAMETERS["issue_price"].accepts(price):
            raise ValidationError(_("Write a value above zero."))
        return price

    def payload(self) -> dict[str, Any]:
        return super().payload() | {"price": self.cleaned_data["price"]}


class PriceRuleForm(PoolForm):
    """How the prices of a pool are made."""

    rule = forms.ChoiceField(
        label=_("What shall its prices follow?"), choices=rule_choices, widget=forms.RadioSelect
    )
    part = forms.CharField(
        label=_("The fraction that belongs to it"),
        max_length=40,
        initial="0/1",
        help_text=_(
            "With posted prices: how far a price falls when offers stay unsold. With the cost: "
            "what is added to it. With auctions: how far one moves the price at most. Write 1/10."
        ),
    )
    least = TokensField(
        label=_("Tokens that an auction must sell"),
        required=False,
        help_text=_("Only with auctions: one that sells less leaves the price as it is."),
    )
    field_order = ("pool", "rule", "part", "least", "title", "text", "key")

    def clean(self) -> dict[str, Any]:
        """The fraction as its parameter reads it; an amount with auctions, and only there."""
        data = super().clean() or self.cleaned_data
        rule = data.get("rule")
        if rule and "part" in data:
            data["part"] = self._fraction(rule, data["part"])
        if rule == AUCTION and not data.get("least"):
            self.add_error("least", _("Write how many tokens an auction must sell."))
        if rule != AUCTION:
            data["least"] = 0
        return data

    def _fraction(self, rule: str, text: str) -> Any:
        parameter = PARAMETERS[FRACTIONS[rule]]
        try:
            value = notation.read(parameter, text)
        except notation.Unreadable:
            value = None
        if not parameter.accepts(value):
            self.add_error("part", _("It takes %(shape)s.") % {"shape": parameter.shape})
        return value

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {name: data[name] for name in ("pool", "rule", "part", "least")}
