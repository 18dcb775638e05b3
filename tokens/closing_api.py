"""The close and the coming period under /api/v1/, for stewards."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsSteward, the_user
from tokens import services, tasks
from tokens.access import period_or_404
from tokens.coming import coming_period
from tokens.models import CloseRun, Period
from tokens.progress import progress_of
from tokens.services import STEPS

TAGS = ["tokens"]


class CostPartSerializer(serializers.Serializer[Any]):
    """A cost line's part in a resource, cents of a whole month; no name: depreciation."""

    name = serializers.CharField()
    amount = serializers.IntegerField()


class PlannedYieldSerializer(serializers.Serializer[Any]):
    """What a yield would open with: millitokens, cents, micro-cents per token."""

    pool = serializers.CharField(source="plan.pool.code")
    resource = serializers.CharField(source="plan.resource.code")
    costs = CostPartSerializer(source="parts", many=True)
    stated_cost = serializers.IntegerField(source="plan.stated.stated")
    cost = serializers.IntegerField(source="plan.stated.cost")
    lowest = serializers.IntegerField(source="plan.stated.lowest", allow_null=True)
    highest = serializers.IntegerField(source="plan.stated.highest", allow_null=True)
    approved_by = serializers.CharField(source="plan.stated.source")
    last_actual = serializers.IntegerField(source="plan.stated.last_actual", allow_null=True)
    carried = serializers.IntegerField(source="plan.carried")
    budget = serializers.IntegerField(source="plan.rates.budget")
    capacity = serializers.IntegerField(source="plan.capacity")
    normal = serializers.IntegerField(source="plan.normal")
    issued = serializers.IntegerField(source="plan.issued")
    unit_cost = serializers.IntegerField(source="plan.rates.unit_cost")
    sale_cost = serializers.IntegerField(source="plan.rates.sale_cost")
    price = serializers.IntegerField(source="plan.rates.price")


class ComingSerializer(serializers.Serializer[Any]):
    """The period that would open next."""

    code = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    yields = PlannedYieldSerializer(source="plans", many=True)


class CloseRunSerializer(serializers.ModelSerializer[CloseRun]):
    """The last order to close: what was begun last, and why it stopped, if it did."""

    class Meta:
        model = CloseRun
        fields = (
            "state", "until", "moment", "early", "started_at", "step", "step_begun_at",
            "failures", "error_code", "error", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class CloseStepSerializer(serializers.Serializer[Any]):
    """A step: done at a moment with its summary, or not yet."""

    name = serializers.ChoiceField(choices=STEPS)
    done = serializers.BooleanField(source="is_done")
    done_at = serializers.DateTimeField(source="row.done_at", default=None)
    summary = serializers.JSONField(source="row.summary", default=None)


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a close is."""

    period = serializers.CharField(source="period.code")
    state = serializers.ChoiceField(source="period.state", choices=Period.State.choices)
    steps = CloseStepSerializer(many=True)
    run = CloseRunSerializer(allow_null=True)


class ActualSerializer(serializers.Serializer[Any]):
    """Actual cents of one yield, where not as budgeted."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    amount = serializers.IntegerField(min_value=0, max_value=10**14)


class CloseOrderSerializer(serializers.Serializer[Any]):
    """What is to be closed, and how far."""

    until = serializers.ChoiceField(choices=STEPS, default=STEPS[-1])
    early = serializers.BooleanField(default=False)
    actual = ActualSerializer(many=True, default=list)


class StepMoveSerializer(serializers.Serializer[Any]):
    """What one transaction moves on the accounts of one kind, in the commodity's least unit."""

    commodity = serializers.CharField(source="commodity.code")
    account = serializers.CharField()
    amount = serializers.IntegerField()
    entries = serializers.IntegerField()


class BookedSerializer(serializers.Serializer[Any]):
    """One transaction in short."""

    kind = serializers.CharField()
    memo = serializers.CharField()
    moves = StepMoveSerializer(many=True)


class StepPreviewSerializer(serializers.Serializer[Any]):
    """What one step would book."""

    name = serializers.CharField()
    postings = BookedSerializer(source="preview.postings", many=True)
    summary = serializers.JSONField(source="preview.summary")


class ComingView(APIView):
    """The coming period's budgets and rates."""

    permission_classes = (IsSteward,)

    @extend_schema(operation_id="coming_period", responses=ComingSerializer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """What would the next period open with?"""
        return Response(ComingSerializer(coming_period()).data)


class CloseView(APIView):
    """The close of one period."""

    permission_classes = (IsSteward,)

    @extend_schema(operation_id="close", responses=ProgressSerializer, tags=TAGS)
    def get(self, request: Request, code: str) -> Response:
        """How far is it, and what stopped it?"""
        return Response(ProgressSerializer(progress_of(period_or_404(code))).data)

    @extend_schema(
        operation_id="start_close",
        request=CloseOrderSerializer,
        responses={status.HTTP_202_ACCEPTED: ProgressSerializer},
        tags=TAGS,
    )
    def post(self, request: Request, code: str) -> Response:
        """Order what is left, or carry a stopped close on; an order that runs stays as it is."""
        period, told = period_or_404(code), told_in(request)
        run = services.start_close(period_id=period.pk, actor=the_user(request), **told)
        tasks.hint_close(run.pk)
        return Response(ProgressSerializer(progress_of(period)).data, status.HTTP_202_ACCEPTED)


class ClosePreviewView(APIView):
    """What is left of a close, worked out and taken back."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="preview_close",
        request=CloseOrderSerializer,
        responses=StepPreviewSerializer(many=True),
        tags=TAGS,
    )
    def post(self, request: Request, code: str) -> Response:
        """What would each step book? Nothing is booked."""
        period, told = period_or_404(code), told_in(request)
        made = services.preview_close(period_id=period.pk, actor=the_user(request), **told)
        rows = [{"name": name, "preview": preview} for name, preview in made]
        return Response(StepPreviewSerializer(rows, many=True).data)


def told_in(request: Request) -> dict[str, Any]:
    """An order as the services take it; raises ValidationError."""
    order = CloseOrderSerializer(data=request.data)
    if not order.is_valid():
        raise ValidationError(order.errors)
    told: dict[str, Any] = dict(order.validated_data)
    rows = told.pop("actual")
    return told | {"actual": {(row["pool"], row["resource"]): row["amount"] for row in rows}}


urlpatterns = [
    path("periods/coming", ComingView.as_view(), name="api_coming"),
    path("periods/<slug:code>/close", CloseView.as_view(), name="api_close"),
    path("periods/<slug:code>/close/preview", ClosePreviewView.as_view(), name="api_close_preview"),
]
