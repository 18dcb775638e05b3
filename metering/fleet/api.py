"""The fleet under /api/v1/: what the pages show, to the same readers (sight.py)."""

import dataclasses
from typing import Any, cast
from uuid import UUID

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, IsSteward, the_member, the_user
from metering import services
from metering.agent_api import as_json, hint_rating
from metering.errors import TooLarge
from metering.evidence import as_signed
from metering.fleet import listing, proof
from metering.fleet.coverage import coverage_of
from metering.fleet.decisions import action_called
from metering.fleet.files import taken
from metering.fleet.forms import MOST_BYTES, FleetFilter
from metering.fleet.linkmap import links_of
from metering.fleet.sight import batch_or_404, may_read_batch, node_or_404, sight_of
from metering.models import Envelope
from metering.queries import arrivals_of
from metering.services.files import Lines
from signing.words import fingerprint_words


class FleetNodeSerializer(serializers.Serializer[Any]):
    """A node; `gaps` of the last thirty days, `waiting` batches behind a hole, `clock` in words."""

    id = serializers.UUIDField(source="node.uuid")
    name = serializers.CharField()
    node_state = serializers.CharField(source="node.state")
    pool = serializers.CharField(source="node.pool.code", default=None)
    asset = serializers.CharField(source="node.asset.code", default=None)
    place = serializers.CharField(source="node.asset.place", default=None)
    last_accepted = serializers.DateTimeField()
    waiting = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    gaps = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="batches that will never come")
    clock = serializers.CharField(source="clock.kind", default="unknown")
    epoch = serializers.IntegerField(source="key.epoch", default=None)
    key_days = serializers.IntegerField()
    key_due = serializers.BooleanField(source="is_due")


class FleetBatchSerializer(serializers.ModelSerializer[Envelope]):
    """A batch without its content."""

    batch_status = serializers.CharField(source="status")

    class Meta:
        model = Envelope
        fields = (
            "epoch", "seq", "chain", "prev", "keyid", "via", "received_at", "batch_status",
            "rated_at", "expired_at",
        )  # fmt: skip
        read_only_fields = fields


class NodeDecisionSerializer(serializers.Serializer[Any]):
    """What is decided about a node: suspect, quarantine, release, revoke or retire, and why."""

    decision = serializers.SlugField(max_length=20)
    reason = serializers.CharField(max_length=400)


class ResultSerializer(serializers.Serializer[Any]):
    """What became of one envelope: docs/metering-protocol.md, section 6."""

    node = serializers.CharField(allow_null=True)
    epoch = serializers.IntegerField(allow_null=True)
    seq = serializers.IntegerField(allow_null=True)
    chain = serializers.CharField(allow_null=True)
    result = serializers.CharField(source="status")
    code = serializers.CharField()
    receipt = serializers.JSONField(allow_null=True)


class FleetLinkSerializer(serializers.Serializer[Any]):
    """A running link; `comparison` of its last day: agree, mismatch or unknown."""

    name = serializers.CharField()
    a = serializers.UUIDField(source="pair.a_tx.node.uuid")
    b = serializers.UUIDField(source="pair.b_tx.node.uuid")
    comparison = serializers.CharField(source="kind")
    mismatches = serializers.IntegerField()


class NodesView(APIView):
    """The nodes, by name, a page at a time."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="nodes", tags=["metering"], responses=FleetNodeSerializer(many=True),
        parameters=[
            OpenApiParameter("state", str, description="a state, or eyes: those to look at"),
            OpenApiParameter("pool", str), OpenApiParameter("page", int),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Twenty-five of them."""
        form = FleetFilter(request.query_params)
        asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
        page = listing.page_of(
            sight_of(request.user),
            state=asked.get("state", ""),
            pool=asked.get("pool"),
            number=request.query_params.get("page"),
        )
        return Response(FleetNodeSerializer(page.object_list, many=True).data)


class NodeView(APIView):
    """One node."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="node", tags=["metering"], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Its row of the list, its keys, its states, and the hours of the last thirty days."""
        node, sight = node_or_404(uuid), sight_of(request.user)
        [row] = listing.described(list(listing.counted().filter(pk=node.pk)), sight)
        shown = [dataclasses.asdict(run) for run in coverage_of(node).runs]
        keys = [
            {"epoch": key.epoch, "keyid": key.keyid, "since": key.created_at,
             "words": fingerprint_words(bytes(key.public_key)), "linked": key.head_seq}
            for key in node.keys.order_by("epoch")
        ]  # fmt: skip
        states = [
            {"state": change.state, "at": change.at, "trigger": change.trigger,
             "until": change.until, "reason": change.reason}
            for change in node.state_changes.order_by("pk")
        ]  # fmt: skip
        said = {"keys": keys, "states": states, "coverage": shown}
        return Response(FleetNodeSerializer(row).data | said)


class BatchesView(APIView):
    """A node's batches, for members."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(
        operation_id="node_batches", tags=["metering"],
        responses=FleetBatchSerializer(many=True),
        parameters=[OpenApiParameter("before", int, description="only numbers below this one")],
    )  # fmt: skip
    def get(self, request: Request, uuid: UUID) -> Response:
        """The newest hundred."""
        rows, before = arrivals_of(node_or_404(uuid)), request.query_params.get("before", "")
        if before.isdecimal() and len(before) < 19:
            rows = rows.filter(seq__lt=int(before))
        return Response(FleetBatchSerializer(rows[:100], many=True).data)


class BatchView(APIView):
    """One batch as it was signed."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(operation_id="node_batch", tags=["metering"], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, uuid: UUID, epoch: int, seq: int) -> Response:
        """The envelope, the receipt, and whether both hold now."""
        batch, sight = batch_or_404(node_or_404(uuid), epoch, seq), sight_of(request.user)
        if not may_read_batch(sight, batch):
            raise PermissionDenied
        found = proof.proof_of(batch, sight)
        envelope = None if found.expired else as_signed(batch).as_dict()
        said = {"envelope": envelope, "holds": found.holds, "receipt": found.receipt}
        return Response(FleetBatchSerializer(batch).data | said)


class DecisionView(APIView):
    """A steward decides about a node."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="decide_node", tags=["metering"],
        request=NodeDecisionSerializer, responses=FleetNodeSerializer,
    )  # fmt: skip
    def post(self, request: Request, uuid: UUID) -> Response:
        """The node as it stands then."""
        asked, node = NodeDecisionSerializer(data=request.data), node_or_404(uuid)
        asked.is_valid(raise_exception=True)
        action = action_called(node, asked.validated_data["decision"])
        if action is None:
            raise Http404
        services.set_node_state(
            actor=the_user(request), node=node, state=action.state,
            reason=asked.validated_data["reason"],
        )  # fmt: skip
        rows = list(listing.counted().filter(pk=node.pk))
        [row] = listing.described(rows, sight_of(request.user))
        return Response(FleetNodeSerializer(row).data)


class LinksView(APIView):
    """The running links."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="node_links", tags=["metering"],
                   responses=FleetLinkSerializer(many=True))  # fmt: skip
    def get(self, request: Request) -> Response:
        """All of them."""
        return Response(FleetLinkSerializer(links_of(sight_of(request.user)), many=True).data)


class FileParser(BaseParser):
    """A file of batches as the body of a request, read as a stream."""

    media_type = "application/x-ndjson"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The stream itself."""
        return stream


class FilesView(APIView):
    """Batches that somebody carries, as a `.coopbatch` file."""

    permission_classes = (IsMember,)
    parser_classes = (FileParser, JSONParser)

    @extend_schema(
        operation_id="node_files", tags=["metering"],
        request={"application/x-ndjson": OpenApiTypes.BINARY},
        responses=ResultSerializer(many=True),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """One result for each line; bringing the same file again gives the same."""
        if request.content_type != FileParser.media_type:
            raise Http404
        if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
            raise TooLarge
        via = f"member:{the_member(request).number}"
        stream = cast(Lines, request.data)
        results = taken(stream, via)
        if any(result.status == "accepted" for result in results):
            hint_rating()
        return Response([as_json(result) for result in results])
