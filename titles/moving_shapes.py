"""API: the shapes of offers, places in waiting lists, estates and the register."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from assets.models import Pool
from members.models import Member
from titles.models import Inheritance, Transfer, WaitingPlace

MOST = 10**12


class OfferSerializer(serializers.Serializer[Transfer]):
    """What to offer; without `to_number` the answer holds a code for the receiver."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", queryset=Pool.objects.all())
    units = serializers.IntegerField(min_value=1, max_value=MOST)
    kind = serializers.ChoiceField(choices=Transfer.Kind.choices, default=Transfer.Kind.TRANSFER)
    to_number = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    numbers = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """An offer as its two sides see it: members by number, never by name."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)
    giver = serializers.IntegerField(source="giver.number", read_only=True)
    receiver = serializers.SerializerMethodField()

    class Meta:
        model = Transfer
        fields = ("id", "pool", "units", "kind", "numbers", "note", "giver", "receiver", "state",
                  "created_at", "expires_at", "decided_at")  # fmt: skip
        read_only_fields = fields

    def get_receiver(self, transfer: Transfer) -> int | None:
        return transfer.receiver.number if transfer.receiver else None


class OfferedSerializer(TransferSerializer):
    """An offer just made; `code` is shown this once, and empty where a member is named."""

    code = serializers.SerializerMethodField()

    class Meta(TransferSerializer.Meta):
        fields = (*TransferSerializer.Meta.fields, "code")  # type: ignore[assignment]

    def get_code(self, transfer: Transfer) -> str:
        return str(self.context["code"])


class TransfersSerializer(serializers.Serializer[Any]):
    """What is on its way to and from the member who asks, and what was decided lately."""

    incoming = TransferSerializer(many=True)
    outgoing = TransferSerializer(many=True)
    past = TransferSerializer(many=True)


class CodeSerializer(serializers.Serializer[Any]):
    """The code of an offer."""

    code = serializers.CharField(max_length=40)


class PartsSerializer(serializers.Serializer[Any]):
    """Units in each part of a title."""

    parts = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=MOST))


class WaitingWishSerializer(serializers.Serializer[Any]):
    """What to wait for."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", queryset=Pool.objects.all())
    wish = serializers.IntegerField(min_value=1, max_value=MOST)
    takes_part = serializers.BooleanField(default=False)


class PlaceSerializer(serializers.ModelSerializer[WaitingPlace]):
    """A place in a waiting list."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)

    class Meta:
        model = WaitingPlace
        fields = ("id", "pool", "wish", "takes_part", "state", "offered", "offer_until",
                  "created_at")  # fmt: skip
        read_only_fields = fields


class HeirSerializer(serializers.Serializer[Any]):
    """One heir: member number and part."""

    number = serializers.SlugRelatedField[Member](
        slug_field="number", queryset=Member.objects.filter(number__isnull=False)
    )
    weight = serializers.IntegerField(min_value=1, max_value=10**6)


class EstateSerializer(serializers.Serializer[Any]):
    """An estate to pass on; a steward's work."""

    deceased = serializers.SlugRelatedField[Member](
        slug_field="number", queryset=Member.objects.filter(state=Member.State.DECEASED)
    )
    heirs = HeirSerializer(many=True)
    evidence = serializers.CharField(max_length=2000)


class InheritanceSerializer(serializers.ModelSerializer[Inheritance]):
    """An estate that was passed on."""

    deceased = serializers.IntegerField(source="deceased.number", read_only=True)

    class Meta:
        model = Inheritance
        fields = ("id", "deceased", "evidence", "recorded_at")
        read_only_fields = fields


class TotalSerializer(serializers.Serializer[Any]):
    """Sums of one pool: what anyone may know."""

    pool = serializers.CharField(source="code")
    units = serializers.IntegerField(source="held")
    holders = serializers.IntegerField()
    titles = serializers.IntegerField()


class HolderSerializer(serializers.Serializer[Any]):
    """Who held how much of a pool; `capital` in cents."""

    member = serializers.IntegerField(source="member_number")
    name = serializers.CharField()
    pool = serializers.CharField(source="code")
    units = serializers.IntegerField(source="held")
    capital = serializers.IntegerField(source="paid_in")
    titles = serializers.IntegerField()


class RegisterSerializer(serializers.Serializer[Any]):
    """The register at a moment; `holders` is empty for those who may not read names."""

    at = serializers.DateTimeField()
    known = serializers.DateTimeField(allow_null=True)
    totals = TotalSerializer(many=True)
    holders = HolderSerializer(many=True)


def checked(found: serializers.Serializer[Any]) -> dict[str, Any]:
    """What was sent, valid; raises ValidationError."""
    if not found.is_valid():
        raise ValidationError(found.errors)
    values: dict[str, Any] = found.validated_data
    return values
