"""API: giving shares back, credit paid out, leaving, the queues."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Pool
from members.access import IsMember, the_member, the_user
from members.queries import is_steward
from titles import exit_queries as queries
from titles import services
from titles.access import pool_or_404
from titles.api import IDEMPOTENCY, idempotency_key
from titles.models import Leaving, Redemption, RedemptionRequest, RedemptionRun

MOST = 10**12
SHOWN = 200


class AskSerializer(serializers.Serializer[RedemptionRequest]):
    """What to give back: units of a pool, or cents of credit; titles by number, in that order."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", queryset=Pool.objects.all())
    kind = serializers.ChoiceField(choices=RedemptionRequest.Kind.choices, default="units")
    amount = serializers.IntegerField(min_value=1, max_value=MOST)
    numbers = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class RequestSerializer(serializers.ModelSerializer[RedemptionRequest]):
    """A request with its place; `wanted` and `served` are units, or cents where it is credit."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)
    place = serializers.SerializerMethodField()
    forecast = serializers.SerializerMethodField()
    paid = serializers.SerializerMethodField()

    class Meta:
        model = RedemptionRequest
        fields = ("id", "pool", "kind", "wanted", "served", "numbers", "klass", "state",
                  "requested_at", "due_on", "place", "forecast", "paid")  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.INT)
    def get_place(self, row: RedemptionRequest) -> int | None:
        return queries.place_of(row, timezone.now()).number if row.state == "waiting" else None

    @extend_schema_field(OpenApiTypes.DATE)
    def get_forecast(self, row: RedemptionRequest) -> Any:
        """The first day of the month in which it is whole, by today's price and limit."""
        return queries.place_of(row, timezone.now()).month if row.state == "waiting" else None

    @extend_schema_field(OpenApiTypes.INT)
    def get_paid(self, row: RedemptionRequest) -> int:
        """Cents that it brought so far."""
        return sum(part.payable for part in row.redemptions.all())


class PriceSerializer(serializers.Serializer[Any]):
    """What a unit brings today (cents), what it follows from, and what a month allows."""

    price = serializers.IntegerField()
    issue_price = serializers.IntegerField()
    backing = serializers.IntegerField()
    derivation = serializers.DictField(child=serializers.IntegerField())
    suspended = serializers.BooleanField()
    limit_units = serializers.IntegerField()
    limit_cents = serializers.IntegerField()
    used_nominal = serializers.IntegerField()
    waiting = serializers.IntegerField()


class RedemptionSerializer(serializers.ModelSerializer[Redemption]):
    """What one request got in a run; all cents but `units`. The member is named by number."""

    member = serializers.IntegerField(source="member.number", read_only=True)

    class Meta:
        model = Redemption
        fields = ("member", "units", "credit", "price", "gross", "settled", "set_off", "due")
        read_only_fields = fields


class RunSerializer(serializers.ModelSerializer[RedemptionRun]):
    """One serving of a queue."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)
    redemptions = RedemptionSerializer(many=True, read_only=True)

    class Meta:
        model = RedemptionRun
        fields = ("id", "pool", "period", "at", "price", "issue_price", "derivation", "redemptions")
        read_only_fields = fields


class LeaveSerializer(serializers.Serializer[Leaving]):
    """Pool code → "redeem" or "pass_on" for each pool in which shares are held."""

    plan = serializers.DictField(child=serializers.ChoiceField(choices=["redeem", "pass_on"]))
    text = serializers.CharField(max_length=300, allow_blank=True, default="")


class LeavingSerializer(serializers.ModelSerializer[Leaving]):
    """A way out, and what of it is still to be settled."""

    unsettled = serializers.SerializerMethodField()

    class Meta:
        model = Leaving
        fields = ("id", "reason", "state", "plan", "asked_at", "notice_until", "unsettled")
        read_only_fields = fields

    def get_unsettled(self, row: Leaving) -> list[str]:
        return queries.unsettled(row.member)


class RedemptionsView(APIView):
    """Giving shares back."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="redemptions", responses=RequestSerializer(many=True), tags=["titles"]
    )
    def get(self, request: Request) -> Response:
        """Own requests, the newest first."""
        found = queries.requests_of(the_member(request))[:SHOWN]
        return Response(RequestSerializer(found, many=True).data)

    @extend_schema(
        operation_id="redeem",
        request=AskSerializer,
        responses={status.HTTP_201_CREATED: RequestSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Ask for a place in the queue."""
        wish, member = AskSerializer(data=request.data), the_member(request)
        key = f"api:{member.pk}:{idempotency_key(request)}"
        if not wish.is_valid():
            raise ValidationError(wish.errors)
        asked = wish.validated_data
        common = {"member": member, "pool": asked["pool"], "actor": member.user, "key": key}
        if asked["kind"] == RedemptionRequest.Kind.CREDIT:
            row = services.request_credit_payout(amount=asked["amount"], **common)
        else:
            more = {"numbers": asked["numbers"], "reason": asked["reason"]}
            row = services.request_redemption(units=asked["amount"], **common, **more)
        return Response(RequestSerializer(row).data, status.HTTP_201_CREATED)


class WithdrawView(APIView):
    """Taking a request back."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="redemption_withdraw",
        request=None,
        responses=RequestSerializer,
        tags=["titles"],
    )
    def post(self, request: Request, request_id: int) -> Response:
        """What was not served leaves the queue; a second call changes nothing."""
        own = RedemptionRequest.objects.filter(member=the_member(request))
        found = get_object_or_404(own, pk=request_id)
        row = services.withdraw_redemption(request_id=found.pk, actor=the_user(request))
        return Response(RequestSerializer(row).data)


class PriceView(APIView):
    """What a unit brings, open to everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="redemption_price", responses=PriceSerializer, tags=["titles"])
    def get(self, request: Request, code: str) -> Response:
        """The price of today with its derivation, and the limit of the month."""
        pool, now = pool_or_404(code), timezone.now()
        quote, limit = queries.quote(pool, now), queries.limit(pool, now)
        return Response(
            {
                "price": quote.price.per_unit,
                "issue_price": quote.issue_price,
                "backing": quote.price.backing,
                "derivation": quote.derivation,
                "suspended": queries.suspension(pool, now) is not None,
                "limit_units": limit.units,
                "limit_cents": limit.cents,
                "used_nominal": limit.used_nominal,
                "waiting": queries.queue(pool, now).count(),
            }
        )


class RunsView(APIView):
    """Serving a queue: for stewards."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="redemption_serve",
        request=None,
        responses={status.HTTP_201_CREATED: RunSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request, code: str) -> Response:
        """Serve the queue now as far as limit, money and turn allow."""
        if not is_steward(request.user):
            raise PermissionDenied
        key = f"api:{idempotency_key(request)}"
        run = services.serve_queue(
            pool=pool_or_404(code), at=timezone.now(), actor=the_user(request), key=key
        )
        return Response(RunSerializer(run).data, status.HTTP_201_CREATED)


class LeavingView(APIView):
    """Leaving the cooperative."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="leaving", responses=LeavingSerializer, tags=["titles"])
    def get(self, request: Request) -> Response:
        """The way out that is under way; 404 where there is none."""
        row = queries.leaving_of(the_member(request))
        if row is None:
            raise NotFound
        return Response(LeavingSerializer(row).data)

    @extend_schema(
        operation_id="leave",
        request=LeaveSerializer,
        responses={status.HTTP_201_CREATED: LeavingSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Give notice."""
        asked, member = LeaveSerializer(data=request.data), the_member(request)
        key = f"api:{member.pk}:{idempotency_key(request)}"
        if not asked.is_valid():
            raise ValidationError(asked.errors)
        row = services.leave(member=member, actor=member.user, key=key, **asked.validated_data)
        return Response(LeavingSerializer(row).data, status.HTTP_201_CREATED)

    @extend_schema(operation_id="stay", responses=LeavingSerializer, tags=["titles"])
    def delete(self, request: Request) -> Response:
        """Take the notice back, until its last day."""
        row = queries.leaving_of(the_member(request))
        if row is None:
            raise NotFound
        row = services.withdraw_leaving(leaving_id=row.pk, actor=the_user(request))
        return Response(LeavingSerializer(row).data)


urlpatterns = [
    path("redemptions", RedemptionsView.as_view(), name="api_redemptions"),
    path(
        "redemptions/<int:request_id>/withdraw",
        WithdrawView.as_view(),
        name="api_redemption_withdraw",
    ),
    path("pools/<slug:code>/redemption", PriceView.as_view(), name="api_redemption_price"),
    path("pools/<slug:code>/redemption/runs", RunsView.as_view(), name="api_redemption_runs"),
    path("leaving", LeavingView.as_view(), name="api_leaving"),
]
