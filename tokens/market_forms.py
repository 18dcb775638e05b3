"""What people type on the market: bids, asks, and the call of an auction."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assets.forms import TokensField
from payments.forms import RateField, fresh_key
from policies.registry import MOST_RATE
from tokens.forms import TokenField, YieldChoice
from tokens.market_queries import latest_yields
from tokens.models import Yield

NOW, BEFORE = "now", "before"


def typed(millitokens: int) -> str:
    """Millitokens as a person would type them: 100, 7.5."""
    whole, rest = divmod(millitokens, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".")


class BidForm(forms.Form):
    """So many tokens at this price each."""

    amount = TokenField(label=_("How many tokens"))
    price = RateField(
        label=_("Price for each"),
        help_text=_("You pay this price for what you get. What is above cost is your own equity."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=fresh_key)

    def clean_price(self) -> int:
        """A price within what rules can hold."""
        price: int = self.cleaned_data["price"]
        if price > MOST_RATE:
            raise ValidationError(_("This price is higher than any that can be."))
        return price


class AskForm(forms.Form):
    """So many own unused tokens."""

    amount = TokenField(
        label=_("How many tokens"),
        help_text=_("What is not sold comes back to you. You can still use it until then."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=fresh_key)


class PoolAskForm(forms.Form):
    """What the pool itself asks."""

    pool_tokens = TokensField(
        label=_("Tokens of the pool"),
        help_text=_("Out of the treasury’s part; 0 takes the pool out."),
    )


class CallForm(PoolAskForm):
    """Which tokens are sold, until when."""

    yields = YieldChoice(queryset=Yield.objects.none(), label=_("What"), empty_label=None)
    when = forms.ChoiceField(
        label=_("For which period"),
        widget=forms.RadioSelect,
        choices=[
            (NOW, _("the running one, until the moment below")),
            (BEFORE, _("the coming one: it clears when that opens")),
        ],
        initial=NOW,
    )
    closes_at = forms.DateTimeField(
        label=_("It clears at"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Until then asks and bids can be placed and withdrawn."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, initial=fresh_key)
    field_order = ("yields", "when", "closes_at", "pool_tokens", "key")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found = Yield.objects.filter(pk__in=[row.pk for row in latest_yields()])
        ordered = found.order_by("pool__code", "resource__position")
        self.fields["yields"].queryset = ordered  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A moment where, and only where, one is needed."""
        data = super().clean() or self.cleaned_data
        if data.get("when") == NOW and not data.get("closes_at") and "closes_at" not in self.errors:
            self.add_error("closes_at", ValidationError(_("Say when it clears.")))
        return data

    def closing(self) -> datetime | None:
        """The moment at which it clears; None at the opening."""
        moment: datetime | None = self.cleaned_data["closes_at"]
        return moment if self.cleaned_data["when"] == NOW else None


class ClearForm(forms.Form):
    """Clearing an auction before its time."""

    reason = forms.CharField(
        label=_("Why before its time"),
        max_length=200,
        help_text=_("Members who meant to bid later read this."),
    )
