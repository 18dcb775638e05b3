"""What people type about tokens: text becomes whole millitokens here, and nowhere else."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.forms import TokensField
from assets.names import resource_name
from members.models import Member
from members.queries import active_members
from payments.forms import CentsField
from tokens.models import Period, Yield
from tokens.queries import yields_of
from tokens.waits import wait_for


class TokenField(TokensField):
    """Tokens above zero with at most three decimals; the cleaned value is an int of millitokens."""

    least = 1
    words = _("Write the amount like 20.5, above zero, with up to three decimals.")


if TYPE_CHECKING:
    Choice = forms.ModelChoiceField[Yield]
else:
    Choice = forms.ModelChoiceField


class YieldChoice(Choice):
    """A pool and resource of the open period."""

    def label_from_instance(self, obj: Yield) -> str:
        """How the choice reads."""
        return f"{resource_name(obj.resource)}, {obj.pool.name}"


class GiveForm(forms.Form):
    """Give own unused tokens to another member."""

    yields = YieldChoice(queryset=Yield.objects.none(), label=_("What"), empty_label=None)
    amount = TokenField(label=_("How much"))
    receiver = forms.IntegerField(
        min_value=1,
        label=_("To member number"),
        help_text=_("They have to accept. What you give stays part of your cost."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, period: Period, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["yields"].queryset = yields_of(period)  # type: ignore[attr-defined]

    def clean_receiver(self) -> Member:
        """The member with this number; only an active one can receive."""
        number = self.cleaned_data["receiver"]
        found = active_members().filter(number=number).first()
        if found is None:
            raise ValidationError(_("No active member has this number."))
        return found


class OfferForm(forms.Form):
    """Offer what is left at the close."""

    yields = YieldChoice(queryset=Yield.objects.none(), label=_("What"), empty_label=None)
    amount = TokenField(
        label=_("Up to how much"),
        required=False,
        help_text=_("Leave empty to sell all you have left."),
    )
    standing = forms.BooleanField(
        required=False, label=_("Every period, until I withdraw it"), initial=False
    )

    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, period: Period, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["yields"].queryset = yields_of(period)  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """What a step of a close needs to know: early end, and actual costs where they differ."""

    early = forms.BooleanField(
        required=False,
        label=_("End it now"),
        help_text=_(
            "The period ends at this moment, and the rest of the month becomes one of its own."
            " Cost counts in proportion to the time: owners are charged what was budgeted, and"
            " what is too much of it is carried over to them. Issued tokens stay issued."
        ),
    )

    def __init__(self, period: Period, step: str, over: bool, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = list(yields_of(period)) if step == "settle" else []
        self._offer_early(period, step, over)
        for row in self.rows:
            self.fields[f"actual-{row.pk}"] = CentsField(
                label=_("Actual cost of %(resource)s, %(pool)s")
                % {"resource": resource_name(row.resource), "pool": row.pool.name},
                required=False,
                help_text=_("Leave empty where it is as budgeted: %(amount)s.")
                % {"amount": f"{row.cost // 100}.{row.cost % 100:02}"},
            )

    def _offer_early(self, period: Period, step: str, over: bool) -> None:
        """Before the end: ending it now. After it: not waiting, where something is awaited."""
        awaited = wait_for(period, timezone.now()) if step == "settle" and over else None
        if awaited is not None:
            self.fields["early"].label = _("Close without waiting")
            self.fields["early"].help_text = str(awaited)
        elif step != "settle" or over:
            del self.fields["early"]

    def actual(self) -> dict[tuple[str, str], int]:
        """Actual cents by pool and resource, those that were typed."""
        typed = ((row, self.cleaned_data[f"actual-{row.pk}"]) for row in self.rows)
        return {
            (row.pool.code, row.resource.code): cents for row, cents in typed if cents is not None
        }
