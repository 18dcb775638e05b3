"""API: disputes of metered use, their answers, late usage, corrections."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Pool, Resource
from members.access import IsMember, IsSteward, the_member, the_user
from members.models import Member
from metering import services
from metering.disputes.disputed import disputes_of
from metering.models import Dispute, Reading
from titles.api import IDEMPOTENCY, idempotency_key
from tokens.access import asked_period
from tokens.adjusted import adjustments_of
from tokens.api import PERIOD
from tokens.models import Adjustment, Usage
from tokens.services.corrections import correct_usage

MOST = 10**15


def by_code(model: Any) -> Any:
    """A field that names a row by its code."""
    return serializers.SlugRelatedField(slug_field="code", queryset=model.objects.all())


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    """A dispute; `answer` is empty until a steward gave one, `correction` millitokens.

    With `link` the machine opened it; then pool and resource may be null.
    """

    pool = serializers.CharField(source="pool.code", read_only=True, allow_null=True, default=None)
    resource = serializers.CharField(
        source="resource.code", read_only=True, allow_null=True, default=None
    )
    envelopes = serializers.SerializerMethodField()
    correction = serializers.IntegerField(
        source="correction.amount", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Dispute
        fields = (
            "id", "pool", "resource", "day", "reading", "link", "envelopes", "reason", "raised_at",
            "answer", "answered_at", "correction",
        )  # fmt: skip
        read_only_fields = fields

    def get_envelopes(self, row: Dispute) -> list[str]:
        """Chain values of the batches of both sides that are attached."""
        return list(row.evidence.values_list("envelope__chain", flat=True))


class RaiseSerializer(serializers.Serializer[Dispute]):
    """What is disputed: a day of a resource, or one reading of it."""

    pool = by_code(Pool)
    resource = by_code(Resource)
    day = serializers.DateField()
    reading = serializers.IntegerField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=400)


class AnswerSerializer(serializers.Serializer[Dispute]):
    """The answer, and by how many millitokens the use is corrected, if at all."""

    answer = serializers.CharField(max_length=400)
    correction = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=-MOST, max_value=MOST
    )


class LateUsageSerializer(serializers.ModelSerializer[Adjustment]):
    """Late usage: millitokens from expired tokens and beyond them, cents at the closed rates."""

    key = serializers.CharField(source="usage.key", read_only=True)
    used_at = serializers.DateTimeField(source="usage.used_at", read_only=True)
    amount = serializers.IntegerField(source="usage.amount", read_only=True)
    reason = serializers.CharField(source="usage.reason", read_only=True)
    period = serializers.CharField(source="book.yields.period.code", read_only=True)
    booked_in = serializers.CharField(source="booked_in.period.code", read_only=True)
    pool = serializers.CharField(source="book.yields.pool.code", read_only=True)
    resource = serializers.CharField(source="book.yields.resource.code", read_only=True)

    class Meta:
        model = Adjustment
        fields = (
            "key", "used_at", "amount", "reason", "period", "booked_in", "pool", "resource",
            "from_expired", "over", "cost_part", "profit",
        )  # fmt: skip
        read_only_fields = fields


class CorrectionSerializer(serializers.Serializer[Usage]):
    """A correction: millitokens below zero take use back."""

    member = serializers.SlugRelatedField(
        slug_field="number", queryset=Member.objects.exclude(number=None)
    )
    pool = by_code(Pool)
    resource = by_code(Resource)
    day = serializers.DateField()
    amount = serializers.IntegerField(min_value=-MOST, max_value=MOST)
    reason = serializers.CharField(max_length=200)


class CorrectedSerializer(serializers.ModelSerializer[Usage]):
    """The usage that a correction is."""

    class Meta:
        model = Usage
        fields = ("id", "key", "amount", "used_at", "reason")
        read_only_fields = fields


class DisputesView(APIView):
    """A member's own disputes."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="disputes", tags=["metering"], responses=DisputeSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        return Response(DisputeSerializer(disputes_of(the_member(request)), many=True).data)

    @extend_schema(
        operation_id="dispute", tags=["metering"], request=RaiseSerializer,
        responses={201: DisputeSerializer}, parameters=[IDEMPOTENCY],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Dispute a day's use, or one reading; nothing is taken back for it."""
        asked, member = RaiseSerializer(data=request.data), the_member(request)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        if told["reading"] is not None:
            mine = Reading.objects.filter(assignment__member=member)
            told["reading"] = get_object_or_404(mine, pk=told["reading"])
        row = services.raise_dispute(
            member=member, actor=the_user(request), key=idempotency_key(request), **told
        )
        return Response(DisputeSerializer(row).data, status=status.HTTP_201_CREATED)


class AnswerView(APIView):
    """A steward answers a dispute."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="answer_dispute", tags=["metering"], request=AnswerSerializer,
        responses=DisputeSerializer,
    )  # fmt: skip
    def post(self, request: Request, dispute_id: int) -> Response:
        """Once, with a reason, and a correction where the member is right."""
        asked = AnswerSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = get_object_or_404(Dispute, pk=dispute_id)
        done = services.answer_dispute(
            dispute_id=row.pk, actor=the_user(request), **asked.validated_data
        )
        return Response(DisputeSerializer(done).data)


class AdjustmentsView(APIView):
    """Late usage of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="late_usage", tags=["metering"], responses=LateUsageSerializer(many=True),
        parameters=[OpenApiParameter("period", str, description=str(PERIOD.description))],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What came late for a period, or was booked in it for an earlier one."""
        period = asked_period(request.query_params)
        rows = [] if period is None else list(adjustments_of(the_member(request), period))
        return Response(LateUsageSerializer(rows, many=True).data)


class CorrectionsView(APIView):
    """A steward corrects a member's use."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="correct_usage", tags=["metering"], request=CorrectionSerializer,
        responses={201: CorrectedSerializer}, parameters=[IDEMPOTENCY],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """In the running period, or as an adjustment where the day's period is closed."""
        asked = CorrectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = correct_usage(
            actor=the_user(request), key=idempotency_key(request), **asked.validated_data
        )
        return Response(CorrectedSerializer(row).data, status=status.HTTP_201_CREATED)
