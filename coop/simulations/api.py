"""Simulations under /api/v1/: begin and send off, follow, read, compare, stop, forget."""

from fractions import Fraction
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.models import SimulationRun
from coop.scenarios.fields import LARGEST, LARGEST_RATE
from coop.simulations import queries, services
from coop.simulations.bounds import MOST_MEMBERS, MOST_MONTHS
from coop.simulations.changes import Changes
from coop.simulations.errors import NotFinished
from coop.simulations.numbers import Numbers
from members.access import the_user
from members.queries import is_auditor, is_steward
from titles.api import IDEMPOTENCY, idempotency_key


class StewardsAndReaders(BasePermission):
    """API: stewards act, auditors read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return (is_auditor if request.method in SAFE_METHODS else is_steward)(request.user)


def by_pool(most: int) -> Any:
    """A field of numbers by pool and resource."""
    number = serializers.IntegerField(min_value=0, max_value=most)
    return serializers.DictField(child=serializers.DictField(child=number), required=False)


class SimulationChangesSerializer(serializers.Serializer[Changes]):
    """What is other than in the scenario: millitokens, cents, micro-cents per token.

    `growth` of all use a month is [numerator, denominator]; `months` 0 means those of the text.
    """

    months = serializers.IntegerField(min_value=0, max_value=MOST_MONTHS, default=0)
    capacity = by_pool(LARGEST)
    cost = by_pool(LARGEST)
    posted_price = by_pool(LARGEST_RATE)
    newcomers = serializers.IntegerField(min_value=0, max_value=MOST_MEMBERS, default=0)
    newcomer_use = by_pool(LARGEST)
    growth = serializers.ListField(
        child=serializers.IntegerField(min_value=-(10**6), max_value=10**6),
        min_length=2,
        max_length=2,
        required=False,
    )

    def validate_growth(self, value: list[int]) -> Fraction:
        """From a half less to as much again."""
        if value[1] <= 0 or not Fraction(-1, 2) <= Fraction(*value) <= 1:
            raise serializers.ValidationError("from [-1, 2] to [1, 1]")
        return Fraction(*value)


class SimulationWishSerializer(serializers.Serializer[SimulationRun]):
    """A new simulation: `source` is "today", "text" (then with `text`) or "library:<name>"."""

    source = serializers.CharField(max_length=60)  # type: ignore[assignment]
    text = serializers.CharField(required=False, trim_whitespace=False, default="")
    name = serializers.CharField(required=False, max_length=80, default="", allow_blank=True)
    changes = SimulationChangesSerializer(required=False)


class SimulationSerializer(serializers.ModelSerializer[SimulationRun]):
    """A simulation: how far it is, in months."""

    state = serializers.CharField(read_only=True, help_text="draft, queued, running, done, …")

    class Meta:
        model = SimulationRun
        fields = (
            "id", "name", "source", "state", "months", "months_done", "error", "left_out",
            "asked_at", "started_at", "finished_at", "base",
        )  # fmt: skip
        read_only_fields = fields


class SimulationNewest(CursorPagination):
    """Pages of fifty, the newest first."""

    page_size = 50
    ordering = "-pk"


@extend_schema_view(get=extend_schema(operation_id="simulations", tags=["simulation"]))
class SimulationsView(generics.ListAPIView[SimulationRun]):
    """The simulations, and new ones."""

    permission_classes = (StewardsAndReaders,)
    serializer_class = SimulationSerializer
    pagination_class = SimulationNewest
    queryset = SimulationRun.objects.defer("text", "result", "changes")

    @extend_schema(
        operation_id="simulate",
        tags=["simulation"],
        parameters=[IDEMPOTENCY],
        request=SimulationWishSerializer,
        responses={202: SimulationSerializer},
    )
    def post(self, request: Request) -> Response:
        """Queue a simulation; the same key gives the first one."""
        key = f"api:{idempotency_key(request)}"
        given = SimulationWishSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wish, actor = given.validated_data, the_user(request)
        run = services.begin(
            source=wish["source"], text=wish["text"], name=wish["name"], actor=actor, key=key
        )
        changes = Changes(**wish.get("changes", {}))
        run = services.queue(run_id=run.pk, name=run.name, changes=changes, actor=actor)
        return Response(SimulationSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class SimulationView(APIView):
    """One simulation."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(operation_id="simulation", tags=["simulation"], responses=SimulationSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """How far it is."""
        return Response(SimulationSerializer(run_or_404(run_id)).data)

    @extend_schema(operation_id="simulation_forget", tags=["simulation"], responses={204: None})
    def delete(self, request: Request, run_id: int) -> Response:
        """Forget it for good; one that waits or runs is to be stopped first."""
        services.delete(run_id=run_id, actor=the_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SimulationStopView(APIView):
    """Stopping a simulation."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(
        operation_id="simulation_stop",
        tags=["simulation"],
        request=None,
        responses=SimulationSerializer,
    )
    def post(self, request: Request, run_id: int) -> Response:
        """It ends with its month at the latest."""
        run_or_404(run_id)
        run = services.stop(run_id=run_id, actor=the_user(request))
        return Response(SimulationSerializer(run).data)


class SimulationAgainView(APIView):
    """Running a simulation again."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(
        operation_id="simulation_again",
        tags=["simulation"],
        request=None,
        responses={202: SimulationSerializer},
    )
    def post(self, request: Request, run_id: int) -> Response:
        """One that failed, was stopped or was lost waits for its turn again."""
        run_or_404(run_id)
        run = services.run_again(run_id=run_id, actor=the_user(request))
        return Response(SimulationSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class SimulationResultView(APIView):
    """What a simulation came to."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(
        operation_id="simulation_result", tags=["simulation"], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, run_id: int) -> HttpResponse:
        """What `simulate --json` prints: docs/scenarios.md says what it holds."""
        run = run_or_404(run_id)
        if run.result is None:
            raise NotFinished
        return JsonResponse(run.result)


class SimulationTextView(APIView):
    """The scenario of a simulation."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(
        operation_id="simulation_text",
        tags=["simulation"],
        responses={(200, "application/toml"): OpenApiTypes.STR},
    )
    def get(self, request: Request, run_id: int) -> HttpResponse:
        """The file, changes included: `simulate` plays the same."""
        text = services.played_text(run_or_404(run_id))
        return HttpResponse(text, content_type="application/toml")


class SimulationComparisonView(APIView):
    """Two finished simulations beside each other."""

    permission_classes = (StewardsAndReaders,)

    @extend_schema(
        operation_id="simulation_comparison",
        tags=["simulation"],
        parameters=[
            OpenApiParameter("a", OpenApiTypes.INT, required=True),
            OpenApiParameter("b", OpenApiTypes.INT, required=True),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Rows over the months of each, by pool, resource and measure."""
        found = {mark: numbers_asked(request, mark) for mark in ("a", "b")}
        return Response({mark: as_json(numbers) for mark, numbers in found.items()})


def numbers_asked(request: Request, mark: str) -> Numbers:
    given = request.query_params.get(mark, "")
    if not given.isdecimal() or len(given) > 15:
        raise serializers.ValidationError({mark: "the id of a simulation"})
    return queries.numbers_in(run_or_404(int(given)))


def as_json(numbers: Numbers) -> dict[str, Any]:
    """The numbers of a run: rates in micro-cents, tokens in millitokens, money in cents."""
    rows = [
        {"pool": pool, "resource": resource, "measure": measure, "values": list(values)}
        for (pool, resource, measure), values in numbers.rows.items()
    ]
    return {"months": list(numbers.months), "rows": rows, "units": numbers.units}


def run_or_404(run_id: int) -> SimulationRun:
    """A run; raises NotFound."""
    run = SimulationRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


urlpatterns = [
    path("simulations", SimulationsView.as_view(), name="api_simulations"),
    path(
        "simulations/comparison",
        SimulationComparisonView.as_view(),
        name="api_simulation_comparison",
    ),
    path("simulations/<int:run_id>", SimulationView.as_view(), name="api_simulation"),
    path("simulations/<int:run_id>/stop", SimulationStopView.as_view(), name="api_simulation_stop"),
    path(
        "simulations/<int:run_id>/again",
        SimulationAgainView.as_view(),
        name="api_simulation_again",
    ),
    path(
        "simulations/<int:run_id>/result",
        SimulationResultView.as_view(),
        name="api_simulation_result",
    ),
    path(
        "simulations/<int:run_id>/scenario",
        SimulationTextView.as_view(),
        name="api_simulation_text",
    ),
]
