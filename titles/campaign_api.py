"""Campaigns under /api/v1/: what is planned, how far the money is, paying ahead."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, the_member
from payments.api import ChargeSerializer
from titles.api import IDEMPOTENCY, idempotency_key
from titles.campaigns import campaigns, prepayments_of, progress_of
from titles.models import Campaign, Prepayment
from titles.services import prepay


class CampaignSerializer(serializers.Serializer[Any]):
    """A planned thing; sums in cents, capacity in millitokens per period by resource."""

    id = serializers.IntegerField(source="campaign.pk", read_only=True)
    pool = serializers.CharField(source="campaign.pool.code", read_only=True)
    name = serializers.CharField(source="campaign.name", read_only=True)
    about = serializers.CharField(source="campaign.about", read_only=True)
    goal = serializers.IntegerField(source="campaign.goal", read_only=True)
    minimum = serializers.IntegerField(source="campaign.minimum", read_only=True)
    capacity = serializers.DictField(
        source="campaign.capacity", child=serializers.IntegerField(), read_only=True
    )
    planned_on = serializers.DateField(source="campaign.planned_on", read_only=True)
    closes_on = serializers.DateField(source="campaign.closes_on", read_only=True)
    state = serializers.ChoiceField(
        source="campaign.state", choices=Campaign.State.choices, read_only=True
    )
    paid = serializers.IntegerField(read_only=True)
    promised = serializers.IntegerField(read_only=True)
    payers = serializers.IntegerField(read_only=True)


class AmountSerializer(serializers.Serializer[Prepayment]):
    """How much to pay ahead, in cents."""

    amount = serializers.IntegerField(min_value=1, max_value=10**14)


class PrepaymentSerializer(serializers.ModelSerializer[Prepayment]):
    """A payment ahead, and the charge that says how to make it."""

    charge = ChargeSerializer(read_only=True)

    class Meta:
        model = Prepayment
        fields = ("id", "campaign", "amount", "made_at", "charge")
        read_only_fields = fields


class CampaignsView(APIView):
    """Everything planned, bought or given up."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="campaigns", responses=CampaignSerializer(many=True), tags=["titles"]
    )
    def get(self, request: Request) -> Response:
        """What do we plan to buy, and how far is the money?"""
        return Response(CampaignSerializer(progress_of(campaigns()), many=True).data)


class PrepaymentsView(APIView):
    """Paying ahead for one campaign."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="prepayments", responses=PrepaymentSerializer(many=True), tags=["titles"]
    )
    def get(self, request: Request, campaign_id: int) -> Response:
        """What have I paid ahead for it?"""
        found = prepayments_of(the_member(request)).filter(campaign=campaign_id)
        return Response(PrepaymentSerializer(found, many=True).data)

    @extend_schema(
        operation_id="prepay",
        request=AmountSerializer,
        responses={status.HTTP_201_CREATED: PrepaymentSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request, campaign_id: int) -> Response:
        """Promise an amount; the charge in the answer says how to pay."""
        wish, member = AmountSerializer(data=request.data), the_member(request)
        key = idempotency_key(request)
        if not wish.is_valid():
            raise ValidationError(wish.errors)
        get_object_or_404(Campaign, pk=campaign_id)
        made = prepay(
            member=member,
            campaign_id=campaign_id,
            amount=wish.validated_data["amount"],
            actor=member.user,
            key=f"api:{member.pk}:{key}",
        )
        return Response(PrepaymentSerializer(made).data, status.HTTP_201_CREATED)


urlpatterns = [
    path("campaigns", CampaignsView.as_view(), name="api_campaigns"),
    path(
        "campaigns/<int:campaign_id>/prepayments",
        PrepaymentsView.as_view(),
        name="api_prepayments",
    ),
]
