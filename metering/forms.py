"""What people type about nodes and meters."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from assets.names import resource_name
from members.models import Member
from members.queries import active_members
from metering.conversion import CHARGED_UNITS
from metering.models import Meter, Node
from metering.services.enrol import ALPHABET, CODE_LENGTH, plain_code

if TYPE_CHECKING:
    MeterField = forms.ModelChoiceField[Meter]
    MemberField = forms.ModelChoiceField[Member]
    PoolField = forms.ModelChoiceField[Pool]
    ResourceField = forms.ModelChoiceField[Resource]
else:
    MeterField = MemberField = PoolField = ResourceField = forms.ModelChoiceField


class ResourceChoice(ResourceField):
    """A resource by its name in the reader's language."""

    def label_from_instance(self, obj: Resource) -> str:
        """How the choice reads."""
        return resource_name(obj)


class CodeForm(forms.Form):
    """The code that a node shows."""

    code = forms.CharField(
        label=_("Code of the node"),
        max_length=20,
        help_text=_("Eight letters, for example BCDF-GHJK. The node shows them when it starts."),
    )

    def clean_code(self) -> str:
        """The code without dash, in capitals."""
        code = plain_code(self.cleaned_data["code"])
        if len(code) != CODE_LENGTH or set(code) - set(ALPHABET):
            raise forms.ValidationError(_("A code has eight consonants, such as BCDF-GHJK."))
        return code


class AssignForm(forms.Form):
    """Whose use a meter measures from now on."""

    meter = MeterField(queryset=Meter.objects.none(), label=_("Meter"), empty_label=None)
    member = MemberField(
        queryset=Member.objects.none(), label=_("Measures the use of"), empty_label=_("choose")
    )
    pool = PoolField(queryset=Pool.objects.all(), label=_("Pool"), empty_label=None)
    resource = ResourceChoice(
        queryset=Resource.objects.all(), label=_("Counted as"), empty_label=None
    )

    def __init__(self, node: Node, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A meter that no inventory describes yet has no unit; the service says what to do then.
        known = Meter.objects.filter(node=node, unit__in={"", *CHARGED_UNITS})
        self.fields["meter"].queryset = known  # type: ignore[attr-defined]
        self.fields["member"].queryset = active_members()  # type: ignore[attr-defined]
        self.fields["pool"].initial = node.pool_id


class ReadingsForm(forms.Form):
    """Which readings to list."""

    resource = forms.CharField(required=False, max_length=40)
    day = forms.DateField(required=False)
