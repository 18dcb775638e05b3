"""API: how nodes stood, their keys, what lies in suspense, changes of keys.

The list of nodes and decisions about them are the fleet's (metering.fleet.api).
"""

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView, get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.api import NewestFirst
from members.access import IsMember, IsSteward, the_user
from metering import services
from metering.models import KeyRotation, Node, NodeKey, NodeStateChange
from metering.trust import standing


class NodeSerializer(serializers.ModelSerializer[Node]):
    """A node as everybody may know it; `since` and `until` are those of its state."""

    name = serializers.SerializerMethodField()
    node_state = serializers.CharField(source="state")
    pool = serializers.CharField(source="pool.code", allow_null=True, default=None)
    asset = serializers.CharField(source="asset.code", allow_null=True, default=None)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = Node
        fields = ("uuid", "name", "node_state", "pool", "asset", "since", "until")
        read_only_fields = fields

    def get_name(self, row: Node) -> str:
        """The name for everybody."""
        return standing.public_name(row)


class NodeChangeSerializer(serializers.ModelSerializer[NodeStateChange]):
    """A change of a node's state: what brought it about, and the evidence that speaks for it."""

    node_state = serializers.CharField(source="state")
    brought_about_by = serializers.CharField(source="trigger")
    facts = serializers.DictField()

    class Meta:
        model = NodeStateChange
        fields = (
            "id", "node_state", "brought_about_by", "reason", "facts", "source", "at", "until",
        )  # fmt: skip
        read_only_fields = fields


class NodeKeySerializer(serializers.ModelSerializer[NodeKey]):
    """A key and how far it counts; `last_seq` ended it by a rotation, `revoked_seq` by the list."""

    public_key = serializers.SerializerMethodField()
    revoked_seq = serializers.IntegerField(allow_null=True)
    conflicts = serializers.IntegerField(source="beside")

    class Meta:
        model = NodeKey
        fields = (
            "epoch", "keyid", "public_key", "next_digest", "head_seq", "head_chain", "last_seq",
            "revoked_seq", "conflicts", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_public_key(self, row: NodeKey) -> str:
        """In hex."""
        return bytes(row.public_key).hex()


class SuspendedSerializer(serializers.Serializer[standing.Suspended]):
    """Use in suspense, in millitokens; `period` is empty where there are no tokens yet."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    period = serializers.CharField(allow_blank=True)
    readings = serializers.IntegerField()
    amount = serializers.IntegerField()


class RotationSerializer(serializers.ModelSerializer[KeyRotation]):
    """A change of key that waits for a steward."""

    node = serializers.CharField(source="node.uuid")
    public_key = serializers.SerializerMethodField()

    class Meta:
        model = KeyRotation
        fields = ("id", "node", "epoch", "last_seq", "public_key", "received_at")
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_public_key(self, row: KeyRotation) -> str:
        """In hex."""
        return bytes(row.public_key).hex()


class RotationDecisionSerializer(serializers.Serializer[Any]):
    """Whether the new key is believed, and why."""

    approve = serializers.BooleanField()
    reason = serializers.CharField(max_length=400)


class KeyEndSerializer(serializers.Serializer[Any]):
    """Which old key counts no further than it is linked, and why."""

    epoch = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = serializers.CharField(max_length=400)


def nodes_standing() -> QuerySet[Node]:
    """Nodes with the beginning and the end of their state."""
    newest = NodeStateChange.entered().filter(node=OuterRef("pk")).order_by("-pk")
    rows = Node.objects.select_related("pool", "asset")
    return rows.annotate(
        since=Subquery(newest.values("at")[:1]), until=Subquery(newest.values("until")[:1])
    ).order_by("-pk")


class NodeHistoryView(ListAPIView[NodeStateChange]):
    """Every change of a node's state, newest first; who decided is not said."""

    permission_classes = (AllowAny,)
    serializer_class = NodeChangeSerializer
    pagination_class = NewestFirst
    queryset = NodeStateChange.objects.none()

    def get_queryset(self) -> QuerySet[NodeStateChange]:
        """Those of the node that the address names."""
        return standing.history_of(get_object_or_404(Node, uuid=self.kwargs["uuid"]))


class NodeKeysView(APIView):
    """A node's keys, oldest first."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="node_keys", tags=["metering"], responses=NodeKeySerializer(many=True)
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        """Each epoch: its key, how far its chain is linked, and how far it counts."""
        rows = standing.epochs_of(get_object_or_404(Node, uuid=uuid))
        return Response(NodeKeySerializer(rows, many=True).data)


class NodeSuspenseView(APIView):
    """What lies in suspense of a node; for members."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(
        operation_id="node_suspense", tags=["metering"], responses=SuspendedSerializer(many=True)
    )
    def get(self, request: Request, uuid: UUID) -> Response:
        """By pool, resource and period, of all members together."""
        found = standing.suspense_of(get_object_or_404(Node, uuid=uuid))
        return Response(SuspendedSerializer(found, many=True).data)  # type: ignore[arg-type]


class NodeKeyEndView(APIView):
    """Where stewards give up what is missing of an old epoch."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="node_revoke_key", tags=["metering"], request=KeyEndSerializer,
        responses=NodeKeySerializer(many=True),
    )  # fmt: skip
    def post(self, request: Request, uuid: UUID) -> Response:
        """Revoke an old key where its chain stands."""
        node = get_object_or_404(Node, uuid=uuid)
        asked = KeyEndSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        get_object_or_404(NodeKey, node=node, epoch=asked.validated_data["epoch"])
        services.revoke_key(actor=the_user(request), node=node, **asked.validated_data)
        return Response(NodeKeySerializer(standing.epochs_of(node), many=True).data)


class RotationsView(APIView):
    """Changes of keys that wait for a steward."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="node_rotations", tags=["metering"], responses=RotationSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Those that only the promised key signed, oldest first."""
        return Response(RotationSerializer(standing.waiting_rotations(), many=True).data)


class RotationView(APIView):
    """One change of key."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="node_rotation_decide", tags=["metering"],
        request=RotationDecisionSerializer, responses=RotationSerializer,
    )  # fmt: skip
    def post(self, request: Request, rotation_id: int) -> Response:
        """Believe the new key or not."""
        row = get_object_or_404(KeyRotation, pk=rotation_id)
        asked = RotationDecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        approve, reason = asked.validated_data["approve"], asked.validated_data["reason"]
        settle = services.approve_rotation if approve else services.refuse_rotation
        done = settle(actor=the_user(request), rotation=row, reason=reason)
        return Response(RotationSerializer(done).data)


class KeysDueView(APIView):
    """Keys that should be changed."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="node_keys_due", tags=["metering"], responses=NodeSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Nodes whose key is too old, or was in force when the node was suspect."""
        due = standing.keys_due(timezone.now()).values("node")
        return Response(NodeSerializer(nodes_standing().filter(pk__in=due), many=True).data)
