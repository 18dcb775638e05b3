"""The register of assets under /api/v1/: public facts for everybody, every step for stewards."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets import register, services
from assets.access import asset_or_404
from assets.filters import AssetFilter
from assets.mandate import require_word
from assets.models import Asset, Pool
from assets.models.things import CODE
from ledger.errors import DomainError
from members.access import IsSteward, the_user
from members.models import User

KEY_LENGTH = 50
MOST = 10**15
KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The same key gives the first result; with other content it is refused.",
)
FILTERS = [
    OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.QUERY, description=text)
    for name, text in (
        ("q", "words"),
        ("pool", "code of a pool"),
        ("kind", "type"),
        ("state", "a state, or all; without it what we have"),
    )
]


class MissingKey(DomainError):
    """A write without a key could happen twice."""

    code = "idempotency_key"
    status = 400
    text = _("Send an Idempotency-Key header of 1 to 50 characters.")


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """What everybody may know of an asset; cost in cents, yields in millitokens per period."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)
    yields = serializers.SerializerMethodField()

    class Meta:
        model = Asset
        fields = (
            "id",
            "code",
            "name",
            "kind",
            "pool",
            "manufacturer",
            "model_name",
            "place",
            "state",
            "in_service",
            "ended_on",
            "cost",
            "units_created",
            "yields",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_yields(self, asset: Asset) -> dict[str, int]:
        brought = self.context.get("yields")
        if brought is None:
            brought = register.yields_of([asset.pk], timezone.localdate())
        return {row.resource.code: row.now for row in brought.get(asset.pk, [])}


class NewAssetSerializer(serializers.Serializer[Asset]):
    """An asset to be registered as ordered; cost and salvage in cents."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", queryset=Pool.objects.all())
    on = serializers.DateField(help_text="the day of the order")
    name = serializers.CharField(max_length=120)
    kind = serializers.CharField(max_length=40)
    cost = serializers.IntegerField(min_value=0, max_value=MOST)
    code = serializers.CharField(max_length=40, required=False, validators=[CODE])
    manufacturer = serializers.CharField(max_length=80, required=False)
    model_name = serializers.CharField(max_length=80, required=False)
    serial = serializers.CharField(max_length=80, required=False)
    place = serializers.CharField(max_length=120, required=False)
    location = serializers.CharField(max_length=200, required=False)
    purchased_on = serializers.DateField(required=False)
    supplier = serializers.CharField(max_length=120, required=False)
    bill = serializers.CharField(max_length=120, required=False)
    warranty_until = serializers.DateField(required=False)
    salvage = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    useful_months = serializers.IntegerField(min_value=1, max_value=1200, required=False)


class StepSerializer(serializers.Serializer[Asset]):
    """A step on a day, and why."""

    on = serializers.DateField()
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class CapacityStepSerializer(StepSerializer):
    """A step that brings or takes capacity: millitokens per period by code of the resource."""

    capacity = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MOST), required=False
    )


class TakeSerializer(serializers.Serializer[Asset]):
    """What pays for an asset that goes into its pool."""

    paid_from = serializers.ChoiceField(choices=["grant", "loan", "reserve"])


class MoveSerializer(StepSerializer):
    """Where an asset stands: coarse for everybody, exact for stewards."""

    place = serializers.CharField(max_length=120, allow_blank=True)
    location = serializers.CharField(max_length=200, allow_blank=True)


class EndSerializer(StepSerializer):
    """What became of an asset; proceeds of a sale in cents."""

    to = serializers.ChoiceField(choices=["retired", "sold", "lost"])
    proceeds = serializers.IntegerField(min_value=0, max_value=MOST, required=False)


class WorkSerializer(serializers.Serializer[Asset]):
    """Work on an asset; cost in cents."""

    on = serializers.DateField()
    what = serializers.CharField(max_length=300)
    who = serializers.CharField(max_length=120, required=False)
    cost = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    bill = serializers.CharField(max_length=120, required=False)
    minutes = serializers.IntegerField(min_value=0, max_value=10**6, required=False)


class ByCode(CursorPagination):
    """Pages of fifty by inventory code."""

    page_size = 50
    ordering = "code"


class AssetsView(generics.ListAPIView[Asset]):
    """What we own."""

    permission_classes = (AllowAny,)
    serializer_class = AssetSerializer
    pagination_class = ByCode
    queryset = Asset.objects.none()

    def get_permissions(self) -> list[Any]:
        """Reading is open; registering is a steward's."""
        return [IsSteward()] if self.request.method == "POST" else [AllowAny()]

    def get_queryset(self) -> QuerySet[Asset, Any]:
        """By the same filters as the page."""
        filters = AssetFilter(self.request.query_params, register.register())
        if not filters.is_valid():
            raise ValidationError(filters.errors)
        found: QuerySet[Asset, Any] = filters.qs
        return found

    @extend_schema(operation_id="assets", parameters=FILTERS, tags=["assets"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The register, by filters; as many queries for one asset as for a page of them."""
        page: Any = self.paginate_queryset(self.get_queryset())
        brought = register.yields_of([row.pk for row in page], timezone.localdate())
        found = AssetSerializer(page, many=True, context={"yields": brought})
        return self.get_paginated_response(found.data)

    @extend_schema(
        operation_id="register_asset",
        request=NewAssetSerializer,
        responses={status.HTTP_201_CREATED: AssetSerializer},
        parameters=[KEY],
        tags=["assets"],
    )
    def post(self, request: Request) -> Response:
        """Put an asset on the register as ordered."""
        sent = NewAssetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        made = services.register_asset(
            actor=the_user(request), key=key_of(request), **sent.validated_data
        )
        return Response(AssetSerializer(made).data, status.HTTP_201_CREATED)


class AssetView(APIView):
    """One asset, open to everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="asset", responses=AssetSerializer, tags=["assets"])
    def get(self, request: Request, asset_id: int) -> Response:
        """What is this, where does it stand, what does it bring?"""
        return Response(AssetSerializer(asset_or_404(asset_id)).data)


class StepView(APIView):
    """A step of an asset's life."""

    permission_classes = (IsSteward,)
    sent: ClassVar[type[serializers.Serializer[Asset]]] = StepSerializer

    def post(self, request: Request, asset_id: int) -> Response:
        """Take the step; the asset as it stands after it."""
        sent = self.sent(data=request.data)
        sent.is_valid(raise_exception=True)
        asset = asset_or_404(asset_id)
        self.run(asset, sent.validated_data, the_user(request), key_of(request))
        return Response(AssetSerializer(asset_or_404(asset_id)).data)

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """The service behind the step."""
        raise NotImplementedError


def step(name: str, sent: type[serializers.Serializer[Asset]]) -> Any:
    """Describes a step for the API's schema."""
    return extend_schema_view(
        post=extend_schema(
            operation_id=f"asset_{name}",
            request=sent,
            responses=AssetSerializer,
            parameters=[KEY],
            tags=["assets"],
        )
    )


@step("take", TakeSerializer)
class TakeView(StepView):
    """Take an asset into its pool: new units come into the treasury."""

    sent = TakeSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Into the pool."""
        return services.take_into_pool(
            asset_id=asset.pk, paid_from=data["paid_from"], actor=actor, key=key
        )


@step("serve", CapacityStepSerializer)
class ServeView(StepView):
    """Put an asset in service."""

    sent = CapacityStepSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """In service."""
        return services.put_in_service(
            asset_id=asset.pk,
            on=data["on"],
            reason=data["reason"],
            capacity=data.get("capacity"),
            actor=actor,
            key=key,
        )


@step("fault", CapacityStepSerializer)
class FaultView(StepView):
    """Report a fault; `capacity` is what is missing until the repair."""

    sent = CapacityStepSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Faulty."""
        return services.report_faulty(
            asset_id=asset.pk,
            on=data["on"],
            reason=data["reason"],
            lost=data.get("capacity"),
            actor=actor,
            key=key,
        )


@step("repair", StepSerializer)
class RepairView(StepView):
    """Report the repair of an asset."""

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Repaired."""
        return services.report_repaired(asset_id=asset.pk, actor=actor, key=key, **data)


@step("move", MoveSerializer)
class MoveView(StepView):
    """Move an asset."""

    sent = MoveSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Moved; moving it there again writes nothing."""
        return services.move_asset(asset_id=asset.pk, actor=actor, **data)


@step("end", EndSerializer)
class EndView(StepView):
    """Retire, sell or lose an asset."""

    sent = EndSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Ended; what the rules leave to the members is refused."""
        require_word(asset, data["to"])
        how = {**data, "to": Asset.State(data["to"])}
        return services.end_asset(asset_id=asset.pk, actor=actor, key=key, **how)


@step("upkeep", WorkSerializer)
class WorkView(StepView):
    """Log work on an asset."""

    sent = WorkSerializer

    def run(self, asset: Asset, data: Mapping[str, Any], actor: User, key: str) -> object:
        """Logged."""
        how: Any = data
        return services.log_upkeep(asset_id=asset.pk, actor=actor, key=key, **how)


def key_of(request: Request) -> str:
    """The idempotency key of a request, told apart by user; raises MissingKey."""
    key: str = request.headers.get("Idempotency-Key", "").strip()
    if not 1 <= len(key) <= KEY_LENGTH:
        raise MissingKey
    return f"api:{request.user.pk}:{key}"


urlpatterns = [
    path("assets", AssetsView.as_view(), name="api_assets"),
    path("assets/<int:asset_id>", AssetView.as_view(), name="api_asset"),
    path("assets/<int:asset_id>/take", TakeView.as_view(), name="api_asset_take"),
    path("assets/<int:asset_id>/serve", ServeView.as_view(), name="api_asset_serve"),
    path("assets/<int:asset_id>/fault", FaultView.as_view(), name="api_asset_fault"),
    path("assets/<int:asset_id>/repair", RepairView.as_view(), name="api_asset_repair"),
    path("assets/<int:asset_id>/move", MoveView.as_view(), name="api_asset_move"),
    path("assets/<int:asset_id>/end", EndView.as_view(), name="api_asset_end"),
    path("assets/<int:asset_id>/upkeep", WorkView.as_view(), name="api_asset_upkeep"),
]
