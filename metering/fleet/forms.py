"""What people choose and type on the fleet's pages."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from metering.models import Node

if TYPE_CHECKING:
    PoolField = forms.ModelChoiceField[Pool]
else:
    PoolField = forms.ModelChoiceField

EYES = "eyes"
MOST_BYTES = 64 * 1024 * 1024
MOST_LINES = 20_000


def states() -> list[tuple[str, object]]:
    """Every state, those to look at together first."""
    return [("", _("all")), (EYES, _("to look at")), *Node.State.choices]


class FleetFilter(forms.Form):
    """Which nodes to list; what cannot be understood lists all."""

    state = forms.ChoiceField(label=_("State"), choices=states, required=False)
    pool = PoolField(
        label=_("Pool"),
        queryset=Pool.objects.order_by("code"),
        to_field_name="code",
        required=False,
        empty_label=_("all"),
    )


class FileForm(forms.Form):
    """A file of batches from a node that has no connection."""

    file = forms.FileField(
        label=_("File of batches"),
        help_text=_("Made on the node by “coop-agent export”; its name ends in .coopbatch."),
        max_length=200,
    )

    def clean_file(self) -> object:
        """Not more than is taken in one go."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 64 MB. Export it in parts."))
        return file


class ReasonForm(forms.Form):
    """Why something is decided about a node; `needs_vote` where only a vote can decide it."""

    needs_vote = False

    reason = forms.CharField(
        label=_("Because"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In a sentence that everybody will read on the node’s page."),
    )
