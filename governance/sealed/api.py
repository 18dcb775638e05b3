"""Sealed votes under /api/v1/: trustees' keys, deals, ballot papers, closed sets, tallies.

A sealed ballot itself is cast like any other, with `sealed` in place of an answer.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import public_proposal
from governance.errors import BadTally, NotSealed
from governance.models import TrusteeKey
from governance.sealed import files, services
from governance.sealed.access import sealed_proposal_for
from governance.sealed.queries import keys_offered, sealed_vote_of
from members.access import IsMember, the_member, the_user
from signing.dsse import Envelope
from signing.errors import SigningError


class TrusteeKeySerializer(serializers.ModelSerializer[TrusteeKey]):
    """A key with which a member could open sealed votes."""

    member = serializers.IntegerField(source="member.number", read_only=True)
    public_key = serializers.CharField(max_length=100, help_text="Curve25519, 64 hex digits")

    class Meta:
        model = TrusteeKey
        fields = ["id", "member", "label", "public_key"]


class DealtSerializer(serializers.Serializer[Any]):
    """What became of a deal."""

    public_key = serializers.CharField()
    threshold = serializers.IntegerField()
    trustees = serializers.IntegerField()


class TrusteeKeys(APIView):
    """The keys that deals may use."""

    permission_classes = [IsMember]

    @extend_schema(responses=TrusteeKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All keys in force, by member."""
        return Response(TrusteeKeySerializer(keys_offered(), many=True).data)

    @extend_schema(
        operation_id="offer_trustee_key",
        request=TrusteeKeySerializer,
        responses={201: TrusteeKeySerializer},
    )
    def post(self, request: Request) -> Response:
        """Offer one's own key."""
        given = TrusteeKeySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        key = services.offer_key(
            member=the_member(request), actor=the_user(request), **given.validated_data
        )
        return Response(TrusteeKeySerializer(key).data, status=201)


class Deal(APIView):
    """The dealer's file of a vote."""

    def get_permissions(self) -> list[Any]:
        """Everybody reads, members bring."""
        return [AllowAny()] if self.request.method == "GET" else [IsMember()]

    @extend_schema(operation_id="read_deal", responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """The deal, with the shares in their boxes."""
        vote = sealed_vote_of(sealed_proposal_for(request, proposal_id))
        if vote is None:
            raise NotSealed
        return Response(vote.deal)

    @extend_schema(operation_id="bring_deal", request=dict, responses={201: DealtSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Keep a deal for a draft; proposer and stewards may."""
        proposal = sealed_proposal_for(request, proposal_id)
        vote = services.take_deal(
            proposal_id=proposal.pk, deal=request.data, actor=the_user(request)
        )
        return Response(DealtSerializer(vote).data, status=201)


class Paper(APIView):
    """What a voter needs to seal a ballot away from the site."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="read_ballot_paper", responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """The ballot paper."""
        return Response(files.ballot_paper(public_proposal(proposal_id)))


class Set(APIView):
    """What the trustees count."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="read_closed_set", responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """Notice, deal, roll and board with its ciphertexts; from the close on."""
        return Response(files.closed_set(public_proposal(proposal_id)))


class Tally(APIView):
    """What the trustees published."""

    def get_permissions(self) -> list[Any]:
        """Everybody reads, members bring."""
        return [AllowAny()] if self.request.method == "GET" else [IsMember()]

    @extend_schema(operation_id="read_tally", responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """Notice, deal and the signed tally."""
        return Response(files.published(public_proposal(proposal_id)))

    @extend_schema(operation_id="bring_tally", request=dict, responses={201: dict})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Keep the tally and count by it; trustees of the vote and stewards may."""
        proposal = sealed_proposal_for(request, proposal_id)
        try:
            envelope = Envelope.from_dict(request.data)
        except SigningError as error:
            raise BadTally(why=str(error)) from error
        services.publish_tally(proposal_id=proposal.pk, envelope=envelope, actor=the_user(request))
        return Response(files.published(proposal), status=201)
