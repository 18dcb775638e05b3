"""How a charge was worked out, under /api/v1/."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.derivation import derivation_of
from payments.access import charge_or_404
from payments.api import LineSerializer


class UsedReadingSerializer(serializers.Serializer[Any]):
    """One use in millitokens, and the signed reading behind it, where there is one."""

    key = serializers.CharField(source="usage.key")
    used_at = serializers.DateTimeField(source="usage.used_at")
    amount = serializers.IntegerField(source="usage.amount")
    reason = serializers.CharField(source="usage.reason")
    reading = serializers.IntegerField(source="reading.pk", default=None)


class UsedSerializer(serializers.Serializer[Any]):
    """Where the use comes from, in millitokens; `last` are the newest, for who may see them."""

    metered = serializers.IntegerField()
    readings = serializers.IntegerField()
    by_hand = serializers.IntegerField()
    last = UsedReadingSerializer(many=True)


class TokenBookSerializer(serializers.Serializer[Any]):
    """The token book behind a line, in millitokens."""

    issued = serializers.IntegerField(source="book.issued")
    given = serializers.IntegerField()
    gifts = serializers.IntegerField()
    bought = serializers.IntegerField()
    redeemed = serializers.IntegerField()
    overage = serializers.IntegerField()


class RatesSerializer(serializers.Serializer[Any]):
    """What fixed the rates: cents, millitokens, micro-cents per token."""

    cost = serializers.IntegerField()
    carried = serializers.IntegerField()
    budget = serializers.IntegerField()
    basis = serializers.IntegerField()
    unit_cost = serializers.IntegerField()
    price = serializers.IntegerField()
    actual = serializers.IntegerField(allow_null=True)
    settled_rate = serializers.IntegerField(allow_null=True)
    settled_cost = serializers.IntegerField(allow_null=True)


class DerivedLineSerializer(serializers.Serializer[Any]):
    """A line, worked out again; `agrees` says whether it comes to the same cents."""

    line = LineSerializer()
    cost_again = serializers.IntegerField()
    profit_again = serializers.IntegerField()
    agrees = serializers.BooleanField()
    sold_at_close = serializers.IntegerField(source="settled.matched", default=None)
    sold_at_auction = serializers.IntegerField(source="asked")
    bought_at_auction = serializers.IntegerField(source="bid")
    book = TokenBookSerializer(source="state", allow_null=True)
    rates = RatesSerializer(source="row", allow_null=True)
    used = UsedSerializer(allow_null=True)


class BecameSerializer(serializers.Serializer[Any]):
    """A title that credit became: its number and units, and the cents that came of this lot."""

    title = serializers.IntegerField(source="share.title.number")
    units = serializers.IntegerField(source="share.units")
    price = serializers.IntegerField(source="share.conversion.price")
    cents = serializers.IntegerField()


class EquitySerializer(serializers.Serializer[Any]):
    """What was paid above cost in one pool, in cents: its lot, and what the lot became."""

    pool = serializers.CharField()
    profit = serializers.IntegerField()
    lot = serializers.CharField(source="lot.period", default=None)
    arisen = serializers.IntegerField()
    became = BecameSerializer(many=True)
    otherwise = serializers.IntegerField()
    left = serializers.IntegerField()


class DerivationSerializer(serializers.Serializer[Any]):
    """A charge from its readings to its title."""

    charge = serializers.IntegerField(source="charge.pk")
    period = serializers.CharField(source="period.code", default=None)
    amount = serializers.IntegerField(source="charge.amount")
    lines = DerivedLineSerializer(many=True)
    equity = EquitySerializer(many=True)


class DerivationView(APIView):
    """One charge: the member's own, or any for those with an office."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="charge_derivation", responses=DerivationSerializer, tags=["payments"]
    )
    def get(self, request: Request, charge_id: int) -> Response:
        """How was this charge worked out, and what became of what it brought?"""
        found = derivation_of(charge_or_404(request.user, charge_id), request.user)
        return Response(DerivationSerializer(found).data)


urlpatterns = [
    path(
        "charges/<int:charge_id>/derivation",
        DerivationView.as_view(),
        name="api_charge_derivation",
    )
]
