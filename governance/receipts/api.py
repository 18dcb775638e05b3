"""Receipts and heads of boards under /api/v1/: what auditors and voters compare."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance import access, clock
from governance.receipts.checking import QUESTIONS, check
from governance.receipts.making import FORMAT, consistency, leaves_of, receipt_file, signed_head
from members.access import IsMember


class ReceiptLineSerializer(serializers.Serializer[Any]):
    """One question to a receipt, and its answer: holds, broken or absent."""

    name = serializers.CharField(help_text=", ".join(QUESTIONS))
    state = serializers.CharField()
    question = serializers.CharField()
    why = serializers.CharField()


class ConsistencyInput(serializers.Serializer[Any]):
    """Two sizes of a board, the smaller first."""

    old = serializers.IntegerField(min_value=0)
    new = serializers.IntegerField(min_value=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Within the board, and in order."""
        if not attrs["old"] <= attrs["new"] <= self.context["size"]:
            raise serializers.ValidationError(f"The board has {self.context['size']} entries.")
        return attrs


class ConsistencySerializer(ConsistencyInput):
    """The hashes that show that the old board begins the new one (RFC 9162)."""

    hashes = serializers.ListField(child=serializers.CharField())


class Receipt(APIView):
    """One's own receipt."""

    permission_classes = [IsMember]

    @extend_schema(responses={200: dict})
    def get(self, request: Request, proposal_id: int, index: int) -> Response:
        """The file that check_receipt and coop-verify read."""
        return Response(receipt_file(access.own_ballot(request, proposal_id, index)))


class Check(APIView):
    """Any receipt, checked for anybody; nothing is kept."""

    permission_classes = [AllowAny]

    @extend_schema(request=dict, responses=ReceiptLineSerializer(many=True))
    def post(self, request: Request) -> Response:
        """Every question with its answer."""
        if not isinstance(request.data, dict) or request.data.get("format") != FORMAT:
            raise serializers.ValidationError(f"It does not say that it is {FORMAT}.")
        return Response(ReceiptLineSerializer(check(request.data), many=True).data)


class Head(APIView):
    """The head of a board, for auditors who compare theirs with others'."""

    permission_classes = [AllowAny]

    @extend_schema(responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """Size, head of the chain and Merkle root as of now, signed."""
        proposal = access.public_proposal(proposal_id)
        return Response(signed_head(proposal, leaves_of(proposal), clock.now()).as_dict())


class Consistency(APIView):
    """That an earlier head of a board begins a later one."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[OpenApiParameter("old", int), OpenApiParameter("new", int)],
        responses=ConsistencySerializer,
    )
    def get(self, request: Request, proposal_id: int) -> Response:
        """The hashes from one size to another."""
        leaves = leaves_of(access.public_proposal(proposal_id))
        asked = ConsistencyInput(data=request.query_params, context={"size": len(leaves)})
        asked.is_valid(raise_exception=True)
        sizes = asked.validated_data
        return Response(sizes | {"hashes": consistency(leaves, sizes["old"], sizes["new"])})
