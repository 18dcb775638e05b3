"""What people type about loans: to whom, how much, until when."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.models import Member
from members.queries import active_members
from tokens.forms import TokenField, YieldChoice
from tokens.models import Period, Yield
from tokens.queries import yields_of

LOCAL = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A moment in the cooperative's time zone, picked where the browser can."""

    def __init__(self, **options: Any) -> None:
        picker = forms.DateTimeInput({"type": "datetime-local"}, format=LOCAL)
        super().__init__(widget=picker, **options)


class LendForm(forms.Form):
    """Lend own unused tokens until a moment of the period."""

    yields = YieldChoice(queryset=Yield.objects.none(), label=_("What"), empty_label=None)
    amount = TokenField(label=_("How much"))
    borrower = forms.IntegerField(
        min_value=1, label=_("To member number"), help_text=_("They have to accept.")
    )
    due_at = MomentField(
        label=_("Returns on"),
        help_text=_("By itself at this moment, and before the period closes at the latest."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, period: Period, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.period = period
        self.fields["yields"].queryset = yields_of(period)  # type: ignore[attr-defined]

    def clean_borrower(self) -> Member:
        """The member with this number; only an active one can borrow."""
        found = active_members().filter(number=self.cleaned_data["borrower"]).first()
        if found is None:
            raise ValidationError(_("No active member has this number."))
        return found

    def clean_due_at(self) -> datetime:
        """Within the period; its last minute stands for its end."""
        due: datetime = self.cleaned_data["due_at"]
        return min(due, self.period.end) if due.date() == self.period.end.date() else due


def last_minute(period: Period) -> datetime:
    """What a form offers as the end of a period: the last full minute in it."""
    return timezone.localtime(period.end).replace(second=0, microsecond=0)
