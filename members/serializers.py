"""What the API says of members, and what it takes from them."""

from typing import Any

from rest_framework import serializers

from members.models import Contact, Member, MemberEvent, Nominee, Particulars, Role
from members.registers import Entry


class MeSerializer(serializers.ModelSerializer[Member]):
    """A member as they see themselves."""

    class Meta:
        model = Member
        fields = ("number", "name", "kind", "state", "consents_to_conversion", "admitted_at")
        read_only_fields = fields


class AsOfSerializer(serializers.Serializer[Any]):
    """Which register: of a day (today), as known at a moment (now)."""

    day = serializers.DateField(required=False, help_text="as it was on this day")
    known = serializers.DateTimeField(required=False, help_text="as we knew it at this moment")
    everybody = serializers.BooleanField(
        required=False, default=False, help_text="all admitted by then, not only members"
    )
    after = serializers.IntegerField(
        required=False, default=0, min_value=0, help_text="member number before the page"
    )


class RegisterEntrySerializer(serializers.Serializer[Entry]):
    """A member as the register of a day has them."""

    id = serializers.IntegerField(source="member_id")
    number = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    state = serializers.CharField()
    first_admitted_on = serializers.DateField()
    admitted_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField()


class RegisterPageSerializer(serializers.Serializer[Any]):
    """Fifty members by number; `next_after` is null on the last page."""

    day = serializers.DateField()
    known = serializers.DateTimeField(allow_null=True)
    next_after = serializers.IntegerField(allow_null=True)
    results = RegisterEntrySerializer(many=True)


class CountsSerializer(serializers.Serializer[Any]):
    """How many members there were on a day, and how many in each state."""

    day = serializers.DateField()
    members = serializers.IntegerField()
    by_state = serializers.DictField(child=serializers.IntegerField())


class EventSerializer(serializers.ModelSerializer[MemberEvent]):
    """One change of state."""

    class Meta:
        model = MemberEvent
        fields = (
            "id",
            "from_state",
            "to_state",
            "reason",
            "text",
            "appeal",
            "effective_on",
            "recorded_at",
            "source",
        )
        read_only_fields = fields


class ParticularsSerializer(serializers.ModelSerializer[Particulars]):
    """Name and address from a day on."""

    class Meta:
        model = Particulars
        fields = ("name", "address", "born_on", "valid_from", "recorded_at")
        read_only_fields = fields


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """How to reach a member."""

    class Meta:
        model = Contact
        fields = ("way", "email", "phone", "address", "language")


class NomineeSerializer(serializers.ModelSerializer[Nominee]):
    """Whom the shares go to on death."""

    class Meta:
        model = Nominee
        fields = ("name", "contact", "named_on")
        read_only_fields = ("named_on",)


class RoleSerializer(serializers.ModelSerializer[Role]):
    """An office, from when to when."""

    class Meta:
        model = Role
        fields = ("name", "since", "until", "source")
        read_only_fields = fields


class FileSerializer(serializers.Serializer[Any]):
    """All that the register holds of a member."""

    id = serializers.IntegerField(source="standing.pk")
    member = MeSerializer(source="standing")
    ended_on = serializers.DateField(source="standing.ended_on", allow_null=True)
    events = EventSerializer(many=True)
    particulars = ParticularsSerializer(many=True)
    contact = ContactSerializer(allow_null=True)
    nominee = NomineeSerializer(allow_null=True)
    roles = RoleSerializer(many=True)
    bylaws = serializers.SerializerMethodField()

    def get_bylaws(self, file: dict[str, Any]) -> list[dict[str, str]]:
        """Which versions were accepted, and when."""
        return [
            {"version": row.bylaws.version, "given_at": row.given_at.isoformat()}
            for row in file["consents"]
        ]


class AddressSerializer(serializers.Serializer[Any]):
    """A new address, from a day on (today)."""

    address = serializers.CharField(max_length=500)
    valid_from = serializers.DateField(required=False)


class ReasonSerializer(serializers.Serializer[Any]):
    """A reason in words."""

    reason = serializers.CharField(max_length=500)


class ChangeSerializer(serializers.Serializer[Any]):
    """What became of a member, why, and since when (today)."""

    to = serializers.ChoiceField(
        choices=[
            Member.State.ACTIVE,
            Member.State.LEAVING,
            Member.State.LEFT,
            Member.State.DECEASED,
            Member.State.SUSPENDED,
            Member.State.EXPELLED,
        ]
    )
    reason = serializers.ChoiceField(choices=MemberEvent.Reason.choices)
    text = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    appeal = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    effective_on = serializers.DateField(required=False, default=None, allow_null=True)
