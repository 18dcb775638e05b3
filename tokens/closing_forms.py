"""What a steward says when the whole of a close is to run."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.forms import StepForm
from tokens.models import Period
from tokens.services import STEPS

EXPIRE, OPEN = "expire", "open"
UNTIL = [
    (OPEN, _("All of it, until the next period is open")),
    (EXPIRE, _("Until tokens have expired; payments come before profit turns into shares")),
]


class WholeForm(StepForm):
    """Early end and actual costs where the period is not settled yet, and where to stop."""

    until = forms.ChoiceField(
        choices=UNTIL, initial=OPEN, label=_("How far?"), widget=forms.RadioSelect
    )

    def __init__(self, period: Period, step: str, over: bool, *args: Any, **options: Any) -> None:
        super().__init__(period, step, over, *args, **options)
        if STEPS.index(step) > STEPS.index(EXPIRE):
            del self.fields["until"]
        else:
            self.order_fields(["until", "early"])

    def told(self) -> dict[str, Any]:
        """What the run is told, as `start_close` takes it."""
        return {
            "early": self.cleaned_data.get("early", False),
            "actual": self.actual(),
            "until": self.cleaned_data.get("until", OPEN),
        }
