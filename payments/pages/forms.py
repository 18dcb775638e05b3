"""What people type about accounts, mandates, payouts and reminders."""

from django import forms
from django.utils.translation import gettext_lazy as _

from payments.forms import DayInput


class AccountForm(forms.Form):
    """A bank account, as it stands on a bank card."""

    holder = forms.CharField(label=_("Account holder"), max_length=70)
    iban = forms.CharField(
        label="IBAN", max_length=42, help_text=_("Spaces do not matter."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    bic = forms.CharField(
        label="BIC", max_length=11, required=False, help_text=_("Only where the bank asks for it.")
    )


class AccountByStewardForm(AccountForm):
    """The same, typed by somebody else, who says why."""

    reason = forms.CharField(
        label=_("Why you change it"), max_length=200, help_text=_("The member reads it.")
    )


class MandateForm(AccountForm):
    """A mandate: the account and the consent."""

    agrees = forms.BooleanField(label=_("I give this mandate"))


class EmptyForm(forms.Form):
    """A button alone."""


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("The member reads it."),
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip


class DisputeForm(forms.Form):
    """What is wrong with a charge."""

    reason = forms.CharField(
        label=_("What is wrong?"), max_length=400, widget=forms.Textarea({"rows": 3}),
        help_text=_("A treasurer reads it and answers. Until then no reminder follows."),
    )  # fmt: skip


class ApproveForm(forms.Form):
    """The approval of what the digest stands for."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ExecutedForm(forms.Form):
    """A payout that a treasurer saw on the bank statement."""

    day = forms.DateField(
        label=_("Day at the bank"), help_text=_("As the bank statement says."), widget=DayInput()
    )


class ReturnedForm(ExecutedForm):
    """A payout that came back."""

    reason = forms.CharField(label=_("Reason that the bank gives"), max_length=140)


class PeriodForm(forms.Form):
    """From which day to which a statement goes."""

    start = forms.DateField(label=_("From"), widget=DayInput(), required=False)
    end = forms.DateField(label=_("To"), widget=DayInput(), required=False)

    def clean(self) -> dict[str, object]:
        """The first day comes first."""
        values = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if start and end and start > end:
            self.add_error("end", _("The last day comes before the first."))
        return values
