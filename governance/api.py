"""Votes under /api/v1/decisions/: read by anybody, ballots by members.

What the public reads names nobody: rolls and boards carry the pseudonyms of that vote. Until a
vote is closed its board shows leaves and links only, so that a receipt can be found on it and no
running result can be read from it.
"""

import typing
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance import own
from governance.access import public_proposal, voting_member
from governance.counting import CHOICES
from governance.models import Ballot, Certificate, Proposal
from governance.queries import board_of, published
from governance.services import cast
from ledger.api import NewestFirst
from members.access import IsMember, may_read, the_user
from members.queries import member_of
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError

OF_PERSONS = ("reason", "appeal")
KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key casts once"
)


class DecisionSerializer(serializers.ModelSerializer[Proposal]):
    """A proposal as announced, and where it stands."""

    proposer = serializers.IntegerField(source="proposer.number", help_text="member number")

    class Meta:
        model = Proposal
        fields = [
            "id",
            "kind",
            "version",
            "title",
            "text",
            "proposer",
            "action",
            "payload",
            "payload_hash",
            "notice_hash",
            "state",
            "terms",
            "preview",
            "notice_at",
            "opens_at",
            "closes_at",
            "decided_at",
            "executes_from",
            "expires_at",
        ]

    def to_representation(self, instance: Proposal) -> dict[str, Any]:
        """Members read all of it; the public not what is said of a person."""
        shown: dict[str, Any] = super().to_representation(instance)
        context = typing.cast(dict[str, Any], self.context)
        if "named" not in context:
            user = getattr(context.get("request"), "user", None)
            context["named"] = may_read(member_of(user))
        if not context["named"]:
            for part in ("payload", "preview"):
                shown[part] = {k: v for k, v in (shown[part] or {}).items() if k not in OF_PERSONS}
        return shown


class BallotInput(serializers.Serializer[Any]):
    """An answer: one for all chambers, or one for each by its name."""

    choice = serializers.ChoiceField(choices=CHOICES, required=False, default="")
    choices = serializers.DictField(
        child=serializers.ChoiceField(choices=CHOICES), required=False, allow_null=True
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    envelope = serializers.JSONField(
        required=False, allow_null=True, help_text="DSSE: the answer as signed with one's own key"
    )

    def validate_envelope(self, value: Any) -> Envelope | None:
        """The envelope; a validation error for another shape."""
        try:
            return None if value is None else Envelope.from_dict(value)
        except SigningError as error:
            raise serializers.ValidationError(str(error)) from error


class OwnInput(serializers.Serializer[Any]):
    """The answer that a statement is wanted for."""

    choice = serializers.ChoiceField(choices=CHOICES)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class ReceiptSerializer(serializers.Serializer[Ballot]):
    """What a voter keeps: the entry, and the signed head of the board right after it."""

    index = serializers.IntegerField()
    leaf = serializers.CharField()
    head = serializers.CharField(source="link")
    cast_at = serializers.DateTimeField()
    attested = serializers.BooleanField()
    envelope = serializers.SerializerMethodField()
    receipt = serializers.SerializerMethodField()

    def get_envelope(self, ballot: Ballot) -> dict[str, Any]:
        """The signed ballot."""
        return as_json(ballot.envelope)

    def get_receipt(self, ballot: Ballot) -> dict[str, Any]:
        """The signed head."""
        return as_json(ballot.receipt)


class EntrySerializer(serializers.Serializer[Any]):
    """One entry of a board; the envelope from the close on."""

    index = serializers.IntegerField()
    leaf = serializers.CharField()
    head = serializers.CharField(source="link")
    envelope = serializers.SerializerMethodField()

    def get_envelope(self, ballot: Ballot) -> dict[str, Any] | None:
        """The signed ballot under its pseudonym; null while the vote is open."""
        return as_json(ballot.envelope) if self.context["closed"] else None


class RowSerializer(serializers.Serializer[Any]):
    """One voter of a roll, by pseudonym."""

    position = serializers.IntegerField()
    voter = serializers.CharField()
    weight = serializers.IntegerField()
    leaf = serializers.CharField()


class RollSerializer(serializers.Serializer[Any]):
    """A chamber as frozen at opening."""

    chamber = serializers.CharField(source="name")
    heads = serializers.IntegerField()
    weight = serializers.IntegerField()
    roll_root = serializers.CharField(source="root")
    frozen_at = serializers.DateTimeField()
    rows = RowSerializer(many=True)


class Decisions(ListAPIView[Proposal]):
    """Everything that notice was given of, newest first."""

    permission_classes = [AllowAny]
    serializer_class = DecisionSerializer
    pagination_class = NewestFirst
    queryset = published()


class Decision(RetrieveAPIView[Proposal]):
    """One proposal."""

    permission_classes = [AllowAny]
    serializer_class = DecisionSerializer
    queryset = published()
    lookup_url_kwarg = "proposal_id"


class Ballots(APIView):
    """Where members cast their ballots."""

    permission_classes = [IsMember]

    @extend_schema(request=BallotInput, responses={201: ReceiptSerializer}, parameters=[KEY])
    def post(self, request: Request, proposal_id: int) -> Response:
        """Cast a ballot, or replace the one cast before."""
        answer = BallotInput(data=request.data)
        answer.is_valid(raise_exception=True)
        ballot = cast(
            proposal_id=public_proposal(proposal_id).pk,
            member=voting_member(request),
            actor=the_user(request),
            key=request.headers.get("Idempotency-Key", "")[:80],
            **answer.validated_data,
        )
        return Response(ReceiptSerializer(ballot).data, status=201)


class OwnDrafts(APIView):
    """Statements for those who sign their ballots themselves."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="draft_ballot", request=OwnInput, responses={200: dict})
    def post(self, request: Request, proposal_id: int) -> Response:
        """What to sign with one's own key: an envelope without signatures."""
        answer = OwnInput(data=request.data)
        answer.is_valid(raise_exception=True)
        drafted = own.draft(
            proposal=public_proposal(proposal_id),
            member=voting_member(request),
            **answer.validated_data,
        )
        return Response(as_json(drafted.as_json()))


class Board(APIView):
    """The board of a vote, for anybody who wants to check a receipt or count again."""

    permission_classes = [AllowAny]

    @extend_schema(responses=EntrySerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """All entries in order."""
        proposal = public_proposal(proposal_id)
        closed = proposal.decided_at is not None
        entries = EntrySerializer(board_of(proposal), many=True, context={"closed": closed})
        return Response(entries.data)


class Rolls(APIView):
    """Who may vote, by pseudonym."""

    permission_classes = [AllowAny]

    @extend_schema(responses=RollSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """The rolls as frozen at opening; none before."""
        chambers = public_proposal(proposal_id).chambers.prefetch_related("rows")
        return Response(RollSerializer(chambers, many=True).data)


class TheCertificate(APIView):
    """The signed result."""

    permission_classes = [AllowAny]

    @extend_schema(responses={200: dict})
    def get(self, request: Request, proposal_id: int) -> Response:
        """The DSSE envelope; 404 before the count."""
        proposal = public_proposal(proposal_id)
        certificate = get_object_or_404(Certificate, proposal=proposal)
        return Response(as_json(certificate.envelope))


def as_json(envelope: bytes | memoryview) -> dict[str, Any]:
    """An envelope's wire form."""
    value: dict[str, Any] = strict_json.loads(bytes(envelope))
    return value
