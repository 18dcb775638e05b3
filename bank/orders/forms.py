"""What treasurers choose for a file to the bank."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bank.models import CollectionItem
from bank.orders import services
from bank.orders.queries import collectable
from members.models import User
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

    def make(self, actor: User) -> None:
        """The file of what is ticked; its id is `made`."""
        values = self.cleaned_data
        ids = [payout.pk for payout in values["payouts"]]
        self.made = services.make_payment_order(
            payout_ids=ids, day=values["day"], key=values["key"].hex, actor=actor
        ).pk

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

    def make(self, actor: User) -> None:
        """The file of what is ticked; its id is `made`."""
        values = self.cleaned_data
        ids = [charge.pk for charge in values["charges"]]
        self.made = services.make_collection_order(
            charge_ids=ids, day=values["day"], key=values["key"].hex, actor=actor
        ).pk

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

    def note(self, item: CollectionItem, actor: User) -> None:
        """Book that this debit came back, for the reason and on the day of the form."""
        services.collection_returned(
            reference=item.charge.reference,
            amount=item.charge.amount,
            reason_code=self.cleaned_data["code"],
            booked_on=self.cleaned_data["day"],
            key=f"by hand:{item.pk}",
            actor=actor,
        )
