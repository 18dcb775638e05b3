"""Payouts and statements under /api/v1/: one's own, and the treasurers' desk."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.api import NewestFirst
from members.access import IsMember, the_member, the_user
from members.models import Role
from members.queries import holds_role
from payments import services
from payments.models import Payout
from payments.pages.forms import PeriodForm
from payments.queries import payout_digest, payouts_of
from payments.services.payouts import current_account
from payments.statements.build import member_statement

OWN = (
    "id", "reference", "kind", "about", "amount", "state", "round", "account",
    "requested_at", "executed_on",
)  # fmt: skip


class IsTreasurer(BasePermission):
    """API: treasurers only."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return holds_role(request.user, Role.Name.TREASURER)


class PayoutSerializer(serializers.ModelSerializer[Payout]):
    """A payout; the amount is cents, the account its last characters only."""

    account = serializers.SerializerMethodField()

    class Meta:
        model = Payout
        fields: tuple[str, ...] = OWN
        read_only_fields: tuple[str, ...] = OWN

    def get_account(self, payout: Payout) -> str:
        """The account it was approved for, else the member's; "" while none is named."""
        account = payout.account or current_account(payout.member_id)
        return account.masked if account else ""


class DeskPayoutSerializer(PayoutSerializer):
    """The same as treasurers see it, with the digest that both approve."""

    member = serializers.IntegerField(source="member_id", read_only=True)
    digest = serializers.SerializerMethodField()

    class Meta(PayoutSerializer.Meta):
        fields = (*OWN, "member", "digest")
        read_only_fields = fields

    def get_digest(self, payout: Payout) -> str:
        """What an approval must name; "" while the member has named no account."""
        return payout_digest(payout)


class ApprovalSerializer(serializers.Serializer[Any]):
    """An approval names what it is for."""

    digest = serializers.CharField(max_length=64)


class StatementLineSerializer(serializers.Serializer[Any]):
    """One thing that happened; amounts are cents."""

    day = serializers.DateField()
    reference = serializers.CharField(source="charge.reference")
    about = serializers.CharField(source="charge.about")
    charged = serializers.IntegerField()
    paid = serializers.IntegerField()
    balance = serializers.IntegerField()


class StatementSerializer(serializers.Serializer[Any]):
    """A statement: opening + charged - paid = closing, in cents owed by the member."""

    start = serializers.DateField(allow_null=True)
    end = serializers.DateField(allow_null=True)
    opening = serializers.IntegerField()
    closing = serializers.IntegerField()
    charged = serializers.IntegerField()
    paid = serializers.IntegerField()
    prepaid = serializers.IntegerField()
    lines = StatementLineSerializer(many=True)
    payouts = PayoutSerializer(many=True)


@extend_schema_view(get=extend_schema(operation_id="payouts", tags=["payments"]))
class PayoutsView(generics.ListAPIView[Payout]):
    """The payouts of the member who asks, newest first."""

    permission_classes = (IsMember,)
    serializer_class = PayoutSerializer
    pagination_class = NewestFirst
    queryset = Payout.objects.none()

    def get_queryset(self) -> QuerySet[Payout, Any]:
        """Own payouts only."""
        return payouts_of(the_member(self.request))


@extend_schema_view(get=extend_schema(operation_id="payouts_desk", tags=["payments"]))
class PayoutsDeskView(generics.ListAPIView[Payout]):
    """Every payout, for treasurers, newest first."""

    permission_classes = (IsTreasurer,)
    serializer_class = DeskPayoutSerializer
    pagination_class = NewestFirst
    queryset = Payout.objects.select_related("account").order_by("-pk")


class ApprovePayoutView(APIView):
    """Approve a payout of the digest that was shown."""

    permission_classes = (IsTreasurer,)

    @extend_schema(
        operation_id="payout_approve",
        tags=["payments"],
        request=ApprovalSerializer,
        responses=DeskPayoutSerializer,
    )
    def post(self, request: Request, payout_id: int) -> Response:
        """The payout after this approval."""
        given = ApprovalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        get_object_or_404(Payout, pk=payout_id)
        digest = given.validated_data["digest"]
        payout = services.approve_payout(
            payout_id=payout_id, digest=digest, actor=the_user(request)
        )
        return Response(DeskPayoutSerializer(payout).data)


class StatementView(APIView):
    """The statement of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="statement",
        tags=["payments"],
        parameters=[OpenApiParameter("start", str), OpenApiParameter("end", str)],
        responses=StatementSerializer,
    )
    def get(self, request: Request) -> Response:
        """From `start` to `end` (ISO days, both included, both optional)."""
        form = PeriodForm(request.query_params)
        if not form.is_valid():
            raise serializers.ValidationError(form.errors.get_json_data())
        values = form.cleaned_data
        found = member_statement(the_member(request), values["start"], values["end"])
        return Response(StatementSerializer(found).data)


urlpatterns = [
    path("payouts", PayoutsView.as_view(), name="api_payouts"),
    path("statement", StatementView.as_view(), name="api_statement"),
    path("desk/payouts", PayoutsDeskView.as_view(), name="api_payouts_desk"),
    path(
        "desk/payouts/<int:payout_id>/approval",
        ApprovePayoutView.as_view(),
        name="api_payout_approve",
    ),
]
