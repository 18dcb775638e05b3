"""Votes under /api/v1/decisions/: read by anybody, ballots by members.

What the public reads names nobody: rolls and boards carry the pseudonyms of that vote. Until a
vote is closed its board shows leaves and links only, so that a receipt can be found on it and no
running result can be read from it.
"""

import hashlib
import typing
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance import own
from governance.access import public_proposal, voting_member
from governance.models import Ballot, Certificate, Proposal
from governance.queries import CLOSED, board_of, published
from governance.sealed.formats import from_base64, to_base64
from governance.services import cast
from ledger.api import NewestFirst
from members.access import IsOnRegister, may_read, the_user
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
            "ballot_kind",
            "options",
            "seats",
            "previous",
            "because",
            "called_in",
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
            "extended_at",
            "reconcile_until",
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
                shown[part] = impersonal(shown[part])
            for option in shown["options"]:
                option |= {k: impersonal(option[k]) for k in ("payload", "preview") if k in option}
        return shown


def impersonal(said: dict[str, Any] | None) -> dict[str, Any]:
    """A payload without what it says of a person."""
    return {name: value for name, value in (said or {}).items() if name not in OF_PERSONS}


ANSWER = (
    "motion: for, against, abstain; consent: consent, object, abstain; ranked, irv, stv: ranks "
    '[["b"], ["a", "c"]]; approval: ["a", "c"]; score: {"a": 5}; [] or {} abstains'
)


class BallotInput(serializers.Serializer[Any]):
    """An answer: one for all chambers, or one for each by its name. Or a sealed ballot."""

    choice = serializers.CharField(required=False, default="", help_text="as `answer`, in words")
    choices = serializers.DictField(required=False, allow_null=True, help_text="as `answers`")
    answer = serializers.JSONField(required=False, allow_null=True, help_text=ANSWER)
    answers = serializers.DictField(
        child=serializers.JSONField(), required=False, allow_null=True, help_text="by chamber"
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    sealed = serializers.CharField(
        required=False, allow_null=True, max_length=40_000, help_text="base64 of the ciphertext"
    )
    counter = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    envelope = serializers.JSONField(
        required=False, allow_null=True, help_text="DSSE: the answer as signed with one's own key"
    )

    def validate_sealed(self, value: str | None) -> bytes | None:
        """The ciphertext; a validation error for what is no base64."""
        return None if value is None else ciphertext(value)

    def validate_envelope(self, value: Any) -> Envelope | None:
        """The envelope; a validation error for another shape."""
        try:
            return None if value is None else Envelope.from_dict(value)
        except SigningError as error:
            raise serializers.ValidationError(str(error)) from error


def ciphertext(value: str) -> bytes:
    """The bytes of base64; raises ValidationError."""
    try:
        return from_base64(value)
    except ValueError as error:
        raise serializers.ValidationError(_("This is not base64.")) from error


class OwnInput(serializers.Serializer[Any]):
    """The answer that a statement is wanted for, or the sealed ballot."""

    choice = serializers.JSONField(required=False, help_text=ANSWER)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    sealed = serializers.CharField(required=False, allow_null=True, max_length=40_000)
    counter = serializers.IntegerField(required=False, default=1, min_value=1)

    def validate_sealed(self, value: str | None) -> bytes | None:
        """The ciphertext; a validation error for what is no base64."""
        return None if value is None else ciphertext(value)


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
    sealed = serializers.SerializerMethodField(help_text="base64 of a sealed ballot")
    sealed_sha256 = serializers.SerializerMethodField()

    def get_envelope(self, ballot: Ballot) -> dict[str, Any] | None:
        """The signed ballot under its pseudonym; null while the vote is open."""
        return as_json(ballot.envelope) if self.context["closed"] else None

    def get_sealed(self, ballot: Ballot) -> str | None:
        """The ciphertext; null while the vote is open, and in open votes."""
        shown = self.context["closed"] and ballot.sealed is not None
        return to_base64(bytes(ballot.sealed or b"")) if shown else None

    def get_sealed_sha256(self, ballot: Ballot) -> str | None:
        """Its hash, from the moment it is cast; null in open votes."""
        sealed = ballot.sealed
        return None if sealed is None else hashlib.sha256(bytes(sealed)).hexdigest()


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
    votes = serializers.BooleanField(help_text="otherwise its roll serves objections only")
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
    """Where members cast their ballots; the roll, frozen at the opening, says who may."""

    permission_classes = [IsOnRegister]

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

    permission_classes = [IsOnRegister]

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
        closed = proposal.state in CLOSED
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
