"""Periods, yields, token books and usage under /api/v1/."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, the_member
from tokens import queries
from tokens.access import asked_period
from tokens.models import Period, Yield

PERIOD = OpenApiParameter("period", str, description="a period's code; the running one if empty")


class YieldSerializer(serializers.ModelSerializer[Yield]):
    """What a pool yields: millitokens, micro-cents per token, cents."""

    pool = serializers.CharField(source="pool.code")
    resource = serializers.CharField(source="resource.code")

    class Meta:
        model = Yield
        fields = (
            "pool",
            "resource",
            "issued",
            "pool_issued",
            "budget",
            "carried",
            "unit_cost",
            "sale_cost",
            "price",
            "price_source",
            "actual",
            "settled_cost",
            "matched",
            "unbacked",
            "pool_sold",
            "to_reserve",
            "vacancy",
            "carried_next",
        )
        read_only_fields = fields


class PeriodSerializer(serializers.ModelSerializer[Period]):
    """A period with what every pool yields in it."""

    yields = YieldSerializer(many=True)

    class Meta:
        model = Period
        fields = ("code", "start", "end", "state", "yields")
        read_only_fields = fields


class BookSerializer(serializers.Serializer[Any]):
    """A member's tokens of one pool and resource, in millitokens; charges so far in cents."""

    pool = serializers.CharField(source="row.pool.code")
    resource = serializers.CharField(source="row.resource.code")
    issued = serializers.IntegerField(source="book.issued")
    own = serializers.IntegerField()
    received = serializers.IntegerField()
    given = serializers.IntegerField()
    redeemed = serializers.IntegerField()
    overage = serializers.IntegerField()
    provisional_cost = serializers.IntegerField(source="cost")
    provisional_profit = serializers.IntegerField(source="profit")


class PeriodsView(APIView):
    """Every period, for everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="periods", responses=PeriodSerializer(many=True), tags=["tokens"])
    def get(self, request: Request) -> Response:
        """The periods, newest first, with rates and results."""
        found = queries.periods().prefetch_related("yields__pool", "yields__resource")
        return Response(PeriodSerializer(found, many=True).data)


class BooksView(APIView):
    """The token books of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="books",
        parameters=[PERIOD],
        responses=BookSerializer(many=True),
        tags=["tokens"],
    )
    def get(self, request: Request) -> Response:
        """What I may still use, and what I went over."""
        period = asked_period(request.query_params)
        books = [] if period is None else queries.books_of(the_member(request), period)
        return Response(BookSerializer(books, many=True).data)


urlpatterns = [
    path("periods", PeriodsView.as_view(), name="api_periods"),
    path("books", BooksView.as_view(), name="api_books"),
]
