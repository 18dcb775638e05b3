"""Keys and vouches under /api/v1/: what a client drafts, signs and sends for its member."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members import services
from members.access import IsMember, the_member, the_user
from members.identity import queries
from members.identity.statements import ROTATION, Draft
from members.models import Member, MemberKey, Vouch
from members.services.identity import BY_HAND
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError


class KeySerializer(serializers.ModelSerializer[MemberKey]):
    """A key that the member has or had."""

    class Meta:
        model = MemberKey
        fields = ("public_key", "keyid", "registered_at", "revoked_at", "end", "note")
        read_only_fields = fields


class VouchSerializer(serializers.ModelSerializer[Vouch]):
    """A member's word for the key of another."""

    voucher = serializers.IntegerField(source="voucher.number")
    vouched = serializers.IntegerField(source="vouched.number")
    public_key = serializers.CharField(source="key.public_key")
    envelope = serializers.SerializerMethodField()

    class Meta:
        model = Vouch
        fields = (
            "id",
            "voucher",
            "vouched",
            "public_key",
            "said_at",
            "expires_at",
            "withdrawn_at",
            "envelope",
        )
        read_only_fields = fields

    def get_envelope(self, row: Vouch) -> dict[str, Any]:
        """What was signed."""
        envelope: dict[str, Any] = strict_json.loads(bytes(row.envelope))
        return envelope


class NewKeyInput(serializers.Serializer[Any]):
    """The key that a statement is wanted for."""

    public_key = serializers.CharField(max_length=100)


class SignedInput(serializers.Serializer[Any]):
    """A statement that was signed."""

    envelope = serializers.JSONField(help_text="DSSE")

    def validate_envelope(self, value: Any) -> Envelope:
        """The envelope; a validation error for another shape."""
        try:
            return Envelope.from_dict(value)
        except SigningError as error:
            raise serializers.ValidationError(str(error)) from error


class EndInput(serializers.Serializer[Any]):
    """Why the current key ends."""

    end = serializers.ChoiceField(choices=[end.value for end in BY_HAND])
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class WordInput(serializers.Serializer[Any]):
    """For whom, and for how long."""

    number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    days = serializers.IntegerField(min_value=1)


class DraftSerializer(serializers.Serializer[Any]):
    """A statement to sign: sign DSSE's encoding of these two, and send the envelope."""

    payloadType = serializers.CharField()
    payload = serializers.CharField(help_text="base64")
    signatures = serializers.ListField(child=serializers.DictField(), help_text="none yet")


class Keys(APIView):
    """The keys of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="keys", responses=KeySerializer(many=True), tags=["identity"])
    def get(self, request: Request) -> Response:
        """All keys, newest first."""
        found = queries.keys_of(the_member(request))
        return Response(KeySerializer(found, many=True).data)

    @extend_schema(
        operation_id="take_key",
        request=SignedInput,
        responses={201: KeySerializer},
        tags=["identity"],
    )
    def post(self, request: Request) -> Response:
        """Register a key, or put a new one in place of the current one, as the statement says."""
        envelope = _valid(SignedInput, request)["envelope"]
        is_rotation = envelope.payload_type == ROTATION
        take = services.rotate_key if is_rotation else services.register_key
        key = take(member_id=the_member(request).pk, envelope=envelope, actor=the_user(request))
        return Response(KeySerializer(key).data, status=201)


class KeyDrafts(APIView):
    """Statements for new keys."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="draft_key", request=NewKeyInput, responses=DraftSerializer, tags=["identity"]
    )
    def post(self, request: Request) -> Response:
        """What to sign: with the new key, and with the current one where there is one."""
        values = _valid(NewKeyInput, request)
        return _drafted(services.draft_key(member=the_member(request), **values))


class KeyEnd(APIView):
    """The end of the current key."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="end_key", request=EndInput, responses=KeySerializer, tags=["identity"]
    )
    def post(self, request: Request) -> Response:
        """End it now."""
        values = _valid(EndInput, request)
        member, actor = the_member(request), the_user(request)
        key = services.revoke_key(member_id=member.pk, actor=actor, **values)
        return Response(KeySerializer(key).data)


class Vouches(APIView):
    """Vouches by and for the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="vouches", responses=VouchSerializer(many=True), tags=["identity"])
    def get(self, request: Request) -> Response:
        """Those that hold, newest first."""
        member, standing = the_member(request), queries.standing_vouches()
        mine = standing.filter(voucher=member) | standing.filter(vouched=member)
        return Response(VouchSerializer(mine, many=True).data)

    @extend_schema(
        operation_id="vouch",
        request=SignedInput,
        responses={201: VouchSerializer},
        tags=["identity"],
    )
    def post(self, request: Request) -> Response:
        """Give one's word, in place of an earlier one over the same key."""
        envelope = _valid(SignedInput, request)["envelope"]
        member, actor = the_member(request), the_user(request)
        row = services.vouch(voucher_id=member.pk, envelope=envelope, actor=actor)
        return Response(VouchSerializer(row).data, status=201)


class VouchDrafts(APIView):
    """Statements for vouches."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="draft_vouch", request=WordInput, responses=DraftSerializer, tags=["identity"]
    )
    def post(self, request: Request) -> Response:
        """What to sign with the current key."""
        values = _valid(WordInput, request)
        them = get_object_or_404(Member, number=values["number"])
        me = the_member(request)
        return _drafted(services.draft_vouch(voucher=me, vouched=them, days=values["days"]))


class VouchEnd(APIView):
    """The end of a vouch."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="withdraw_vouch", request=None, responses=VouchSerializer, tags=["identity"]
    )
    def post(self, request: Request, vouch_id: int) -> Response:
        """Take back a word that one gave; 404 for those of others."""
        row = get_object_or_404(Vouch, pk=vouch_id, voucher=the_member(request))
        ended = services.withdraw_vouch(vouch_id=row.pk, actor=the_user(request))
        return Response(VouchSerializer(ended).data)


class Paths(APIView):
    """Who vouches for whom, from the member who asks to another."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="vouch_paths",
        responses={
            200: {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
        },
        parameters=[OpenApiParameter("to", int, required=True, description="member number")],
        tags=["identity"],
    )
    def get(self, request: Request) -> Response:
        """The shortest chains as member numbers, from oneself to the other."""
        number = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
        to = number.run_validation(request.query_params.get("to"))
        them = get_object_or_404(Member, number=to)
        found = queries.named_paths(the_member(request), them)
        return Response([[step.number for step in path] for path in found])


def _valid(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, if it has the shape of this input; raises ValidationError."""
    sent = kind(data=request.data)
    sent.is_valid(raise_exception=True)
    values: dict[str, Any] = sent.validated_data
    return values


def _drafted(draft: Draft) -> Response:
    return Response(strict_json.loads(draft.as_json()))


urlpatterns = [
    path("me/keys", Keys.as_view(), name="api_keys"),
    path("me/keys/drafts", KeyDrafts.as_view(), name="api_key_drafts"),
    path("me/keys/end", KeyEnd.as_view(), name="api_key_end"),
    path("vouches", Vouches.as_view(), name="api_vouches"),
    path("vouches/drafts", VouchDrafts.as_view(), name="api_vouch_drafts"),
    path("vouches/paths", Paths.as_view(), name="api_vouch_paths"),
    path("vouches/<int:vouch_id>/withdraw", VouchEnd.as_view(), name="api_vouch_withdraw"),
]
