"""API: links with their compared hours, and the reputation of nodes."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.api import NewestFirst
from members.access import IsMember, IsSteward, the_user
from metering import services
from metering.links.queries import hours_of, link_for, links_for
from metering.models import LinkHour, LinkPair, Meter, Node
from metering.trust.reputation import Reputation, reputation_of


class MeterField(serializers.SlugRelatedField[Meter]):
    """A meter as "<uuid of its node>/<its name>"."""

    def to_internal_value(self, data: Any) -> Meter:
        """The meter; a validation error where there is none."""
        node, _slash, name = str(data).partition("/")
        try:
            found = Meter.objects.filter(node__uuid=UUID(node), name=name).first()
        except ValueError:
            found = None
        if found is None:
            self.fail("does_not_exist", slug_name="meter", value=str(data)[:80])
        return found

    def to_representation(self, obj: Any) -> str:
        """How it is written."""
        return f"{obj.node.uuid}/{obj.name}"


def meter(required: bool = True) -> MeterField:
    return MeterField(
        slug_field="name",
        queryset=Meter.objects.all(),
        required=required,
        allow_null=not required,
    )


class LinkSerializer(serializers.ModelSerializer[LinkPair]):
    """A link; meters as "<uuid of the node>/<name>", overhead in bytes per packet."""

    a_tx, a_rx, b_tx, b_rx = (meter() for _n in range(4))
    a_packets, b_packets = (meter(required=False) for _n in range(2))
    link_layer = serializers.ChoiceField(
        source="layer", choices=LinkPair.Layer.choices, default=LinkPair.Layer.L2
    )
    a_overhead = serializers.IntegerField(min_value=0, max_value=200, default=0)
    b_overhead = serializers.IntegerField(min_value=0, max_value=200, default=0)
    compared_upto = serializers.DateTimeField(read_only=True, allow_null=True, default=None)
    mismatches = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = LinkPair
        fields = (
            "id", "label", "link_layer", "a_tx", "a_rx", "b_tx", "b_rx", "a_packets",
            "b_packets", "a_overhead", "b_overhead", "since", "until", "compared_upto",
            "mismatches",
        )  # fmt: skip
        read_only_fields = ("id", "since", "until")


class LinkHourSerializer(serializers.ModelSerializer[LinkHour]):
    """One way of a link in one hour; bytes as texts, `taken_back` in millitokens."""

    sent = serializers.CharField(read_only=True, help_text="a whole number")
    received = serializers.CharField(read_only=True, help_text="a whole number")
    sent_net = serializers.CharField(read_only=True, help_text="a whole number")
    received_net = serializers.CharField(read_only=True, help_text="a whole number")
    tolerance = serializers.CharField(read_only=True, help_text="a whole number")
    hour_outcome = serializers.CharField(source="outcome", read_only=True)
    taken_back = serializers.SerializerMethodField()

    class Meta:
        model = LinkHour
        fields = (
            "way", "hour", "sent", "received", "sent_net", "received_net", "sent_seconds",
            "received_seconds", "tolerance", "hour_outcome", "unsettled", "trouble", "dispute",
            "taken_back",
        )  # fmt: skip
        read_only_fields = fields

    def get_taken_back(self, row: LinkHour) -> int:
        """Below zero: taken back."""
        return sum(correction.amount for correction in row.corrections.all())


class ReputationSerializer(serializers.Serializer[Reputation]):
    """Facts since a moment, and the formula's numbers in thousandths."""

    since = serializers.DateTimeField()
    hours = serializers.IntegerField()
    covered = serializers.IntegerField()
    compared = serializers.IntegerField()
    agreed = serializers.IntegerField()
    challenged = serializers.IntegerField()
    passed = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    coverage = serializers.IntegerField()
    agreement = serializers.IntegerField()
    storage = serializers.IntegerField()
    honesty = serializers.IntegerField()
    score = serializers.IntegerField()


class LinksView(APIView):
    """Links that the reader may see."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(operation_id="links", tags=["metering"], responses=LinkSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All for a steward; for a member those that concern them."""
        return Response(LinkSerializer(links_for(request.user), many=True).data)

    @extend_schema(
        operation_id="declare_link", tags=["metering"], request=LinkSerializer,
        responses={201: LinkSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Declare a link; the same meters again give the one that runs. For stewards."""
        if not IsSteward().has_permission(request, self):
            self.permission_denied(request)
        asked = LinkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.declare_link(actor=the_user(request), **asked.validated_data)
        return Response(LinkSerializer(row).data, status=status.HTTP_201_CREATED)


class LinkView(APIView):
    """One link."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(operation_id="link", tags=["metering"], responses=LinkSerializer)
    def get(self, request: Request, link_id: int) -> Response:
        """404 for those that do not concern the reader."""
        return Response(LinkSerializer(link_for(request.user, link_id)).data)


class HoursView(generics.ListAPIView[LinkHour]):
    """The compared hours of a link, newest first."""

    permission_classes = (IsMember | IsSteward,)
    serializer_class = LinkHourSerializer
    pagination_class = NewestFirst
    queryset = LinkHour.objects.none()

    @extend_schema(operation_id="link_hours", tags=["metering"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Both ways."""
        return self.list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[LinkHour, Any]:
        """Of a link that the reader may see."""
        return hours_of(link_for(self.request.user, self.kwargs["link_id"]))


class EndView(APIView):
    """The end of a link."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="end_link", tags=["metering"], request=None, responses=LinkSerializer
    )
    def post(self, request: Request, link_id: int) -> Response:
        """From now on it is not compared; a second time changes nothing."""
        pair = get_object_or_404(LinkPair, pk=link_id)
        return Response(LinkSerializer(services.end_link(actor=the_user(request), pair=pair)).data)


class ReputationView(APIView):
    """How far a node can be relied on."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="reputation", tags=["metering"], responses=ReputationSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Facts and the numbers of the formula; see docs/links.md."""
        node = get_object_or_404(Node, uuid=uuid)
        return Response(ReputationSerializer(reputation_of(node)).data)
