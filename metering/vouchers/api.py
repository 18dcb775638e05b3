"""Vouchers under /api/v1/."""

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Asset
from members.access import IsMember, IsSteward, the_member
from metering import services
from metering.models import Node, VoucherPresentation
from metering.services import Slot
from metering.vouchers import presented
from metering.vouchers.views import voucher_of
from titles.api import IDEMPOTENCY, idempotency_key
from titles.moving_shapes import checked
from tokens.access import asked_period
from tokens.given_api import PERIOD, named
from tokens.given_shapes import MOST_MILLITOKENS
from tokens.handed import vouchers_of
from tokens.models import Voucher
from tokens.services import give_back_voucher
from tokens.services.vouchers import as_document


class VoucherSerializer(serializers.ModelSerializer[Voucher]):
    """A voucher: millitokens; `raw` in `unit`; `document` is the signed file itself."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    period = serializers.CharField(source="book.yields.period.code", read_only=True)
    pool = serializers.CharField(source="book.yields.pool.code", read_only=True)
    resource = serializers.CharField(source="book.yields.resource.code", read_only=True)
    raw = serializers.CharField(read_only=True, help_text="a whole number")
    asset = serializers.CharField(source="asset.code", default=None, read_only=True)
    voucher_state = serializers.CharField(source="state", read_only=True)
    redeemed = serializers.IntegerField(read_only=True)
    left = serializers.IntegerField(read_only=True)
    beyond = serializers.IntegerField(read_only=True)
    document = serializers.SerializerMethodField()

    class Meta:
        model = Voucher
        fields = (
            "id", "period", "pool", "resource", "amount", "raw", "unit", "node", "asset",
            "not_before", "not_after", "voucher_state", "redeemed", "left", "beyond", "ticket",
            "issued_at", "document",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_document(self, row: Voucher) -> dict[str, Any]:
        """The envelope as a node wants it."""
        return as_document(row).as_dict()


class VoucherWishSerializer(serializers.Serializer[Any]):
    """So much of a pool's resource, for one node (its id) or one asset (its inventory code)."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    amount = serializers.IntegerField(min_value=1, max_value=MOST_MILLITOKENS)
    node = serializers.UUIDField(required=False, default=None, allow_null=True)
    asset = serializers.CharField(required=False, default=None, allow_null=True)
    not_before = serializers.DateTimeField()
    not_after = serializers.DateTimeField()

    def slot(self) -> Slot:
        """Where and when it is to be good; raises NotFound."""
        asked = self.validated_data
        node = asked["node"] and Node.objects.filter(uuid=asked["node"]).first()
        asset = asked["asset"] and Asset.objects.filter(code=asked["asset"]).first()
        if (asked["node"] and node is None) or (asked["asset"] and asset is None):
            raise NotFound
        return Slot(asked["not_before"], asked["not_after"], node, asset)


class PresentedSerializer(serializers.ModelSerializer[VoucherPresentation]):
    """What a node said that it gave: `beyond` is what the voucher does not cover."""

    node = serializers.UUIDField(source="envelope.node.uuid", read_only=True)
    epoch = serializers.IntegerField(source="envelope.epoch", read_only=True)
    seq = serializers.IntegerField(source="envelope.seq", read_only=True)
    chain = serializers.CharField(source="envelope.chain", read_only=True)
    quantity = serializers.CharField(read_only=True, help_text="a whole number")
    presentation_state = serializers.CharField(source="state", read_only=True)
    why_not = serializers.CharField(source="why", read_only=True)

    class Meta:
        model = VoucherPresentation
        fields = (
            "node", "epoch", "seq", "chain", "position", "ticket", "quantity", "unit", "at",
            "presentation_state", "why_not", "amount", "beyond",
        )  # fmt: skip
        read_only_fields = fields


class VouchersView(APIView):
    """Vouchers of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="vouchers", parameters=[PERIOD], responses=VoucherSerializer(many=True),
        tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What I took out in a period, newest first."""
        period = asked_period(request.query_params)
        found = (
            Voucher.objects.none() if period is None else vouchers_of(the_member(request), period)
        )
        return Response(VoucherSerializer(found, many=True).data)

    @extend_schema(
        operation_id="take_voucher", request=VoucherWishSerializer, parameters=[IDEMPOTENCY],
        responses={status.HTTP_201_CREATED: VoucherSerializer}, tags=["tokens"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Take own unused tokens out as a signed voucher."""
        member, key = the_member(request), idempotency_key(request)
        wish = VoucherWishSerializer(data=request.data)
        made = services.take_voucher(
            member=member,
            actor=member.user,
            key=f"api:{member.pk}:{key}",
            **named(checked(wish)),
            slot=wish.slot(),
        )
        return Response(VoucherSerializer(made).data, status.HTTP_201_CREATED)


class VoucherView(APIView):
    """One voucher of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="voucher", responses=VoucherSerializer, tags=["tokens"])
    def get(self, request: Request, number: UUID) -> Response:
        """How it stands, with its signed file."""
        return Response(VoucherSerializer(voucher_of(the_member(request), number)).data)


class VoucherBackView(APIView):
    """Giving a voucher back."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="give_back_voucher", request=None, responses=VoucherSerializer, tags=["tokens"]
    )
    def post(self, request: Request, number: UUID) -> Response:
        """While no node has taken it and its time is not over; a repeat changes nothing."""
        member = the_member(request)
        row = voucher_of(member, number)
        done = give_back_voucher(voucher_id=row.pk, actor=member.user)
        return Response(VoucherSerializer(done).data)


class PresentationsView(APIView):
    """What nodes gave for a voucher."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="voucher_presentations", responses=PresentedSerializer(many=True),
        tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request, number: UUID) -> Response:
        """Oldest first, with the batches that say so."""
        rows = presented.presentations_of(voucher_of(the_member(request), number))
        return Response(PresentedSerializer(rows, many=True).data)


class DoubledView(APIView):
    """Vouchers that were presented twice."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="vouchers_presented_twice", responses=PresentedSerializer(many=True),
        tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every presentation of them, for stewards, by ticket."""
        twice = presented.doubled().values("pk")
        rows = VoucherPresentation.objects.filter(voucher__in=[row["pk"] for row in twice])
        found = rows.select_related("envelope__node").order_by("voucher_id", "pk")
        return Response(PresentedSerializer(found, many=True).data)


urlpatterns = [
    path("vouchers", VouchersView.as_view(), name="api_vouchers"),
    path("vouchers/twice", DoubledView.as_view(), name="api_vouchers_twice"),
    path("vouchers/<uuid:number>", VoucherView.as_view(), name="api_voucher"),
    path("vouchers/<uuid:number>/back", VoucherBackView.as_view(), name="api_voucher_back"),
    path("vouchers/<uuid:number>/presented", PresentationsView.as_view(), name="api_presented"),
]
