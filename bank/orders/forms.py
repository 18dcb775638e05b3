"""What treasurers choose for a file to the bank."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bank.orders.queries import collectable
from payments.forms import DayInput
from payments.models import Charge, Payout
from payments.queries import payouts_approved


class PaymentForm(forms.Form):
    """Which payouts, to be executed on which day; the key makes a second click the same file."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    payouts = forms.ModelMultipleChoiceField(Payout.objects.none(), label=_("Payouts"))
    day = forms.DateField(label=_("To be executed on"), widget=DayInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Every payout: one that was ordered a moment ago is refused by the service, with words.
        self.fields["payouts"].queryset = Payout.objects.all()  # type: ignore[attr-defined]

    def chosen(self) -> set[str]:
        """The ids that are ticked: all at first, then what was sent."""
        if self.is_bound:
            return set(self.data.getlist("payouts"))  # type: ignore[attr-defined]
        return {str(payout.pk) for payout in payouts_approved()}


class CollectionForm(forms.Form):
    """Which charges, to be collected on which day."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    charges = forms.ModelMultipleChoiceField(Charge.objects.none(), label=_("Charges"))
    day = forms.DateField(label=_("To be collected on"), widget=DayInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["charges"].queryset = Charge.objects.all()  # type: ignore[attr-defined]

    def chosen(self) -> set[str]:
        """The ids that are ticked: all at first, then what was sent."""
        if self.is_bound:
            return set(self.data.getlist("charges"))  # type: ignore[attr-defined]
        return {str(charge.pk) for charge in collectable()}


class CameBackForm(forms.Form):
    """A debit that the bank refused or gave back."""

    code = forms.RegexField(
        r"^[A-Z]{2}[0-9]{2}$",
        label=_("Reason code"),
        help_text=_("Two letters and two digits, as the bank gives them: AM04, AC04, MD01 …"),
    )
    day = forms.DateField(label=_("Day at the bank"), widget=DayInput())
