"""What else anybody reads of a vote: delegations that counted, the lot, ballots as files.

And what members write in a consent: objections, and auditors' rulings on them (R21).
"""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import public_proposal, voting_member
from governance.methods import lot
from governance.methods.carried import carried_of
from governance.methods.downloads import WRITERS, ballot_file
from governance.models import ConsentObjection, Lot, Proposal
from governance.services.consent import (
    object_to_consent,
    rule_out_of_order,
    withdraw_consent_objection,
)
from members.access import IsMember, the_user


class CarriedSerializer(serializers.Serializer[Any]):
    """One voter for whom another's ballot counted, or why none did; by pseudonym."""

    chamber = serializers.CharField()
    voter = serializers.CharField()
    through = serializers.CharField(allow_blank=True)
    lost = serializers.CharField(allow_blank=True)
    directed = serializers.JSONField(allow_null=True)


class VoteLotSerializer(serializers.Serializer[Any]):
    """The lot of R6: what was committed to, and after the count what it was drawn from."""

    commitment = serializers.CharField()
    nonces = serializers.ListField(child=serializers.CharField(), allow_empty=True)
    seed = serializers.CharField(allow_blank=True)


class ConsentObjectionInput(serializers.Serializer[Any]):
    """Why it would do harm, and what would have to change."""

    reason = serializers.CharField(max_length=4000)
    change = serializers.CharField(max_length=4000)


class RulingInput(serializers.Serializer[Any]):
    """Why an objection is out of order."""

    reason = serializers.CharField(max_length=4000)


class RulingSerializer(serializers.Serializer[Any]):
    """One auditor's ruling."""

    reason = serializers.CharField()
    at = serializers.DateTimeField()


class ConsentObjectionSerializer(serializers.Serializer[Any]):
    """One objection, without its author."""

    id = serializers.IntegerField()
    reason = serializers.CharField()
    change = serializers.CharField()
    at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    rulings = RulingSerializer(many=True)


class CarriedVotes(APIView):
    """Votes that counted through others (R12, R13)."""

    permission_classes = [AllowAny]

    @extend_schema(responses=CarriedSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """All of them, in the order of the rolls; none before the close."""
        rows = carried_of(public_proposal(proposal_id))
        return Response(CarriedSerializer(rows, many=True).data)


class TheLot(APIView):
    """What ties are decided by."""

    permission_classes = [AllowAny]

    @extend_schema(responses=VoteLotSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """The commitment from the opening on, nonces and seed after the count; else 404."""
        proposal = public_proposal(proposal_id)
        row = get_object_or_404(Lot, proposal=proposal)
        told = proposal.decided_at is not None
        values = {
            "commitment": row.commitment,
            "nonces": lot.nonces_of(proposal) if told else [],
            "seed": lot.seed_of(proposal) if told else "",
        }
        return Response(VoteLotSerializer(values).data)


class BallotFile(APIView):
    """The ballots of one chamber as a file."""

    permission_classes = [AllowAny]

    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, proposal_id: int, chamber: str, form: str) -> HttpResponse:
        """Identical ballots together, as .blt, .abif or .csv; 404 before the count."""
        proposal = public_proposal(proposal_id)
        names = [c.name for c in proposal.chambers.all() if c.votes]
        if proposal.decided_at is None or chamber not in names or form not in WRITERS:
            raise Http404
        kind = "text/csv" if form == "csv" else "text/plain"
        answer = HttpResponse(
            ballot_file(proposal, chamber, form), content_type=f"{kind}; charset=utf-8"
        )
        name = f"vote-{proposal.pk}-{chamber}.{form}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


class ConsentObjections(APIView):
    """Objections in a consent."""

    permission_classes = [IsMember]

    @extend_schema(responses=ConsentObjectionSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """All of them, the first in front."""
        rows = public_proposal(proposal_id).consent_objections.prefetch_related("rulings")
        return Response(ConsentObjectionSerializer(rows, many=True).data)

    @extend_schema(request=ConsentObjectionInput, responses={201: ConsentObjectionSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Object, with a reason and the change that would settle it."""
        words = ConsentObjectionInput(data=request.data)
        words.is_valid(raise_exception=True)
        row = object_to_consent(
            proposal_id=public_proposal(proposal_id).pk,
            member=voting_member(request),
            actor=the_user(request),
            **words.validated_data,
        )
        return Response(ConsentObjectionSerializer(row).data, status=201)


class ConsentObjectionWithdrawal(APIView):
    """Where who objected takes it back."""

    permission_classes = [IsMember]

    @extend_schema(request=None, responses=ConsentObjectionSerializer)
    def post(self, request: Request, proposal_id: int, objection_id: int) -> Response:
        """Take one's own objection back."""
        row = withdraw_consent_objection(
            objection_id=objection_in(public_proposal(proposal_id), objection_id).pk,
            member=voting_member(request),
            actor=the_user(request),
        )
        return Response(ConsentObjectionSerializer(row).data)


class ConsentRulings(APIView):
    """Where auditors rule objections out of order."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=RulingInput, responses={201: RulingSerializer})
    def post(self, request: Request, proposal_id: int, objection_id: int) -> Response:
        """Rule an objection out of order; two auditors have to."""
        words = RulingInput(data=request.data)
        words.is_valid(raise_exception=True)
        row = rule_out_of_order(
            objection_id=objection_in(public_proposal(proposal_id), objection_id).pk,
            actor=the_user(request),
            **words.validated_data,
        )
        return Response(RulingSerializer(row).data, status=201)


def objection_in(proposal: Proposal, objection_id: int) -> ConsentObjection:
    """An objection of this vote; raises Http404."""
    return get_object_or_404(ConsentObjection, proposal=proposal, pk=objection_id)
