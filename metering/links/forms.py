"""What people type about links, delivery notes and storage challenges."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from metering.errors import NoChallenges
from metering.models import LinkPair, Meter, MeterAssignment
from metering.notes.challenge_file import Prepared, read_challenges

if TYPE_CHECKING:
    MeterField = forms.ModelChoiceField[Meter]
    AssignmentField = forms.ModelChoiceField[MeterAssignment]
else:
    MeterField = AssignmentField = forms.ModelChoiceField

LARGEST_FILE = 512 * 1024


class MeterChoice(MeterField):
    """A meter with its node."""

    def label_from_instance(self, obj: Meter) -> str:
        """How the choice reads."""
        return f"{obj.node.label}: {obj.name}"


def byte_counters() -> Any:
    """Meters that can be an end of a link."""
    rows = Meter.objects.filter(kind="counter", unit="By").select_related("node")
    return rows.order_by("node__label", "name")


def packet_counters() -> Any:
    """Meters that count packets."""
    rows = Meter.objects.filter(kind="counter", unit="{packet}").select_related("node")
    return rows.order_by("node__label", "name")


def end(label: Any) -> MeterChoice:
    return MeterChoice(queryset=Meter.objects.none(), label=label, empty_label=_("choose"))


def packets(label: Any) -> MeterChoice:
    return MeterChoice(
        queryset=Meter.objects.none(), label=label, required=False, empty_label=_("none")
    )


def overhead(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=200, initial=0)


class LinkForm(forms.Form):
    """Which meters count the same traffic from both ends."""

    label = forms.CharField(label=_("Name of the link"), max_length=80)
    a_tx = end(_("A sends: counted by"))
    b_rx = end(_("B receives it: counted by"))
    b_tx = end(_("B sends: counted by"))
    a_rx = end(_("A receives it: counted by"))
    layer = forms.ChoiceField(label=_("Compared as"), choices=LinkPair.Layer.choices)
    a_overhead = overhead(_("Bytes per packet that A counts above it"))
    b_overhead = overhead(_("Bytes per packet that B counts above it"))
    a_packets = packets(_("Packets that A sends: counted by"))
    b_packets = packets(_("Packets that B sends: counted by"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("a_tx", "a_rx", "b_tx", "b_rx"):
            self.fields[name].queryset = byte_counters()  # type: ignore[attr-defined]
        for name in ("a_packets", "b_packets"):
            self.fields[name].queryset = packet_counters()  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A member's answer to a delivery note; a refusal says why."""

    answer = forms.ChoiceField(choices=[("accept", "accept"), ("refuse", "refuse")])
    reason = forms.CharField(
        label=_("What is wrong"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


class AssignmentChoice(AssignmentField):
    """A meter that measures one's own storage."""

    def label_from_instance(self, obj: MeterAssignment) -> str:
        """How the choice reads."""
        return f"{obj.meter.node.label}: {obj.meter.name}"


class ChallengesForm(forms.Form):
    """The file that coop-agent audit-prepare wrote, and where its data lies."""

    assignment = AssignmentChoice(
        queryset=MeterAssignment.objects.none(), label=_("Where it is kept"), empty_label=None
    )
    file = forms.FileField(label=_("File of coop-agent audit-prepare"))

    def __init__(self, assignments: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["assignment"].queryset = assignments  # type: ignore[attr-defined]

    def clean_file(self) -> list[Prepared]:
        """The challenges in it."""
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is too large: prepare fewer challenges."))
        try:
            return read_challenges(sent.read())
        except NoChallenges as error:
            raise forms.ValidationError(str(error)) from error
