"""API: delivery notes, storage challenges, and what nodes are asked."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, IsSteward, the_member, the_user
from members.identity.api import SignedInput
from metering import services
from metering.models import DeliveryNote, MeterAssignment, StorageChallenge
from metering.notes.challenge_file import read_challenges
from metering.notes.queries import challenges_of, notes_of, storing
from signing import strict_json

MOST = 500
KEPT = inline_serializer("ChallengesKept", {"new": serializers.IntegerField()})


class NoteSerializer(serializers.ModelSerializer[DeliveryNote]):
    """What an assignment came to on a day, in millitokens, and the member's answer."""

    meter = serializers.CharField(source="assignment.meter.name", read_only=True)
    pool = serializers.CharField(source="assignment.pool.code", read_only=True)
    resource = serializers.CharField(source="assignment.resource.code", read_only=True)
    note_state = serializers.CharField(source="state", read_only=True)
    is_signed = serializers.SerializerMethodField()

    class Meta:
        model = DeliveryNote
        fields = (
            "id", "meter", "pool", "resource", "day", "number", "amount", "due", "note_state",
            "answered_at", "is_signed", "dispute",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_signed(self, row: DeliveryNote) -> bool:
        """Whether the member, or a node of theirs, signed the answer."""
        return row.signed is not None


class NoteAnswerInput(serializers.Serializer[Any]):
    """The answer; a refusal says why. `envelope` where it is signed with the member's key."""

    accepts = serializers.BooleanField()
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    envelope = serializers.JSONField(required=False, default=None, help_text="DSSE")

    def validate_envelope(self, value: Any) -> Any:
        """The envelope, if there is one."""
        return None if value is None else SignedInput().validate_envelope(value)


class ChallengeSerializer(serializers.ModelSerializer[StorageChallenge]):
    """One challenge; nonce and digest of those not asked yet stay hidden."""

    meter = serializers.CharField(source="assignment.meter.name", read_only=True)
    node = serializers.UUIDField(source="assignment.meter.node.uuid", read_only=True)
    challenge_state = serializers.CharField(source="state", read_only=True)
    failed_because = serializers.CharField(source="why", read_only=True)

    class Meta:
        model = StorageChallenge
        fields = (
            "id", "node", "meter", "name", "offset", "length", "challenge_state",
            "failed_because", "issued_at", "until", "answered_at",
        )  # fmt: skip
        read_only_fields = fields


class ChallengesInput(serializers.Serializer[Any]):
    """What coop-agent audit-prepare wrote, and the assignment of the folder that holds the file."""

    assignment = serializers.IntegerField()
    prepared = serializers.JSONField()


class NotesView(APIView):
    """Delivery notes of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="delivery_notes", tags=["metering"], responses=NoteSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """The newest five hundred."""
        return Response(NoteSerializer(notes_of(the_member(request))[:MOST], many=True).data)


class DraftView(APIView):
    """What to sign with a key of one's own."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="draft_note_answer", tags=["metering"], request=NoteAnswerInput,
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    def post(self, request: Request, note_id: int) -> Response:
        """An envelope without signatures; good for a day."""
        asked = checked(request)
        row = get_object_or_404(notes_of(the_member(request)), pk=note_id)
        drafted = services.draft_answer(note=row, accepts=asked["accepts"], reason=asked["reason"])
        return Response(strict_json.loads(drafted.as_json()))


class NoteAnswerView(APIView):
    """The answer to a delivery note."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="answer_delivery_note", tags=["metering"], request=NoteAnswerInput,
        responses=NoteSerializer,
    )  # fmt: skip
    def post(self, request: Request, note_id: int) -> Response:
        """Once; the same again changes nothing. A refusal opens a dispute."""
        asked = checked(request)
        row = get_object_or_404(notes_of(the_member(request)), pk=note_id)
        done = services.answer_note(note_id=row.pk, actor=the_user(request), **asked)
        return Response(NoteSerializer(done).data)


def checked(request: Request) -> dict[str, Any]:
    """The answer that was sent; raises ValidationError."""
    sent = NoteAnswerInput(data=request.data)
    sent.is_valid(raise_exception=True)
    values: dict[str, Any] = sent.validated_data
    return values


class CountersigningView(APIView):
    """Whether a member is asked each day about one assignment. For stewards."""

    permission_classes = (IsSteward,)

    @extend_schema(operation_id="countersign", tags=["metering"], request=None,
                   responses={204: None})  # fmt: skip
    def put(self, request: Request, assignment_id: int) -> Response:
        """From now on; a second time changes nothing."""
        row = get_object_or_404(MeterAssignment, pk=assignment_id)
        services.countersign_assignment(actor=the_user(request), assignment=row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="end_countersigning", tags=["metering"], responses={204: None})
    def delete(self, request: Request, assignment_id: int) -> Response:
        """No more; notes that are open stay so until answered."""
        row = get_object_or_404(MeterAssignment, pk=assignment_id)
        services.end_countersigning(actor=the_user(request), assignment=row)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ChallengesView(APIView):
    """Storage challenges for what the member stores."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="storage_challenges", tags=["metering"],
        responses=ChallengeSerializer(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The newest five hundred."""
        rows = challenges_of(the_member(request))[:MOST]
        return Response(ChallengeSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="upload_challenges", tags=["metering"], request=ChallengesInput,
        responses={201: KEPT},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Keep challenges; those that are known already add nothing."""
        asked = ChallengesInput(data=request.data)
        asked.is_valid(raise_exception=True)
        assignment = get_object_or_404(
            storing(the_member(request)), pk=asked.validated_data["assignment"]
        )
        prepared = read_challenges(strict_json.dumps(asked.validated_data["prepared"]))
        new = services.upload_challenges(
            actor=the_user(request), assignment=assignment, prepared=prepared
        )
        return Response({"new": new}, status=status.HTTP_201_CREATED)
