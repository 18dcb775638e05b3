"""What people type when they let a node in."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool
from members.models import Member
from members.queries import active_members
from metering.fleet.sight import Sight
from titles.queries import holdings

if TYPE_CHECKING:
    MemberField = forms.ModelChoiceField[Member]
    PoolField = forms.ModelChoiceField[Pool]
    AssetBase = forms.ModelChoiceField[Asset]
else:
    MemberField = PoolField = AssetBase = forms.ModelChoiceField

MOST_BYTES = 64 * 1024


class AssetField(AssetBase):
    """An asset by its name and its number in the inventory."""

    def label_from_instance(self, obj: Asset) -> str:
        """How the choice reads."""
        return f"{obj.name} ({obj.code})" if obj.code else obj.name


class LetInForm(forms.Form):
    """What a node is called and where it belongs; only a steward may leave the asset out."""

    label = forms.CharField(label=_("Name of the node"), max_length=80)
    asset = AssetField(
        queryset=Asset.objects.none(),
        label=_("Stands for the asset"),
        required=False,
        empty_label=_("none"),
        help_text=_("An asset that several members own is shared: a second of them has to agree."),
    )
    pool = PoolField(
        queryset=Pool.objects.order_by("code"),
        label=_("Pool it serves"),
        required=False,
        empty_label=_("no pool"),
        help_text=_("Only without an asset; with one it is the asset’s."),
    )
    owner = MemberField(
        queryset=Member.objects.none(),
        label=_("Member who looks after it"),
        required=False,
        empty_label=_("nobody"),
    )
    replace = forms.BooleanField(
        label=_("It takes the place of the node that stands for this asset now"),
        required=False,
        help_text=_("That one is retired as soon as this one is in."),
    )

    def __init__(self, sight: Sight, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["asset"].queryset = assets_for(sight)  # type: ignore[attr-defined]
        self.fields["owner"].queryset = active_members()  # type: ignore[attr-defined]
        if not sight.steward:
            self.fields["asset"].required = True
            del self.fields["pool"], self.fields["owner"]


def assets_for(sight: Sight) -> QuerySet[Asset]:
    """What a node may stand for: every asset in service, for a member those they share in."""
    rows = Asset.objects.filter(state="in_service").order_by("name")
    if sight.steward:
        return rows
    mine = sight.member.pk if sight.member is not None else 0
    return rows.filter(pool__in=[p for p in Pool.objects.all() if mine in holdings(p)])


class RequestFileForm(forms.Form):
    """The request of a node that has no connection, as a file."""

    file = forms.FileField(
        label=_("Request of the node"),
        help_text=_("The small file that the node wrote when it was told to enrol without a line."),
    )

    def clean_file(self) -> bytes:
        """Its bytes."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("This is too large for a request."))
        return bytes(file.read())
