"""Charges under /api/v1/: what a member owes and paid, with the derivation."""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers

from ledger.api import NewestFirst
from members.access import IsMember, the_member
from payments.models import Charge, ChargeLine
from payments.payout_api import urlpatterns as of_payouts
from payments.queries import charges_of


class LineSerializer(serializers.ModelSerializer[ChargeLine]):
    """quantity × rate = cost + profit."""

    class Meta:
        model = ChargeLine
        fields = (
            "kind", "fund", "resource", "quantity", "rate", "cost_rate", "cost", "profit",
            "period",
        )  # fmt: skip
        read_only_fields = fields


class ChargeSerializer(serializers.ModelSerializer[Charge]):
    """A charge; amounts are cents."""

    lines = LineSerializer(many=True, read_only=True)

    class Meta:
        model = Charge
        fields = (
            "id", "kind", "about", "reference", "amount", "state", "created_at", "due", "lines",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(get=extend_schema(operation_id="charges", tags=["payments"]))
class ChargesView(generics.ListAPIView[Charge]):
    """The charges of the member who asks, newest first."""

    permission_classes = (IsMember,)
    serializer_class = ChargeSerializer
    pagination_class = NewestFirst
    queryset = Charge.objects.none()

    def get_queryset(self) -> QuerySet[Charge, Any]:
        """Own charges only."""
        return charges_of(the_member(self.request))


urlpatterns = [path("charges", ChargesView.as_view(), name="api_charges"), *of_payouts]
