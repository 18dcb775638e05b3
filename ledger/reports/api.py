"""The reports under /api/v1/reports/, open to all: the same questions and numbers as the pages.

Amounts are integers of the commodity's smallest unit with the sign that the report shows; persons
appear by pseudonym where the reader may not name them.
"""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.access import reader_of
from ledger.reports import REPORTS, build
from ledger.reports.forms import ReportForm

QUERY = [
    OpenApiParameter("period", str, description='"2026-06", "2026-Q2", "2026", or "days"'),
    OpenApiParameter("first", str, description="with period=days: the first day, ISO"),
    OpenApiParameter("last", str, description="with period=days: the last day, ISO"),
    OpenApiParameter("compare", str, enum=["previous", "year"], description="other days beside"),
    OpenApiParameter("pool", str, description="a pool's code; all pools without it"),
    OpenApiParameter("known", str, description="a moment, ISO: leave out what we knew later"),
    OpenApiParameter("commodity", int, description="of a trial balance; money without it"),
]


class ReportColumnSerializer(serializers.Serializer[Any]):
    """One column of numbers."""

    key = serializers.CharField()
    heading = serializers.CharField(source="label")
    commodity = serializers.CharField(source="commodity.code")
    exponent = serializers.IntegerField(source="commodity.exponent")


class ReportLineSerializer(serializers.Serializer[Any]):
    """One line: an amount per column (null: nothing there), and the query of its entries."""

    number = serializers.IntegerField(allow_null=True)
    text = serializers.CharField(source="label")
    pool = serializers.CharField(allow_blank=True)
    weight = serializers.ChoiceField(choices=["line", "less", "sum", "total"])
    amounts = serializers.SerializerMethodField()
    entries = serializers.SerializerMethodField()

    def get_amounts(self, line: Any) -> list[int | None]:
        """The numbers of the line, column by column."""
        return [None if cell is None else cell.amount for cell in line.cells]

    def get_entries(self, line: Any) -> list[str | None]:
        """The query under /books/reports/entries/ that lists what each number sums."""
        return [cell.rows.query() if cell and cell.rows else None for cell in line.cells]


class ReportTableSerializer(serializers.Serializer[Any]):
    """Lines that belong together."""

    caption = serializers.CharField()
    columns = ReportColumnSerializer(many=True)
    lines = ReportLineSerializer(many=True)


class ReportCheckSerializer(serializers.Serializer[Any]):
    """Something that must hold of the report, and whether it does."""

    text = serializers.CharField()
    holds = serializers.BooleanField()


class ReportSerializer(serializers.Serializer[Any]):
    """A report as the page shows it."""

    name = serializers.CharField()
    title = serializers.CharField()
    tables = ReportTableSerializer(many=True)
    checks = ReportCheckSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class ReportView(APIView):
    """One report: balance-sheet, income, cash, trial-balance or members."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="report", tags=["ledger"], parameters=QUERY, responses=ReportSerializer
    )
    def get(self, request: Request, name: str) -> Response:
        """The report for the days that the query asks for."""
        if name not in REPORTS:
            raise NotFound
        form = ReportForm(request.query_params, counts=name == "trial-balance")
        if not form.is_valid():
            raise ValidationError(form.errors.get_json_data())
        report = build(name, form.asked(reader_of(request.user)))
        return Response(ReportSerializer(report).data)


urlpatterns = [path("reports/<slug:name>", ReportView.as_view(), name="api_report")]
