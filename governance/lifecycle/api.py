"""Under /api/v1/decisions/: drafts, versions, steps, objections, halts and corrections of rolls."""

import typing
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import proposal_for, public_proposal, reader_member
from governance.api import DecisionSerializer, as_json
from governance.lifecycle.corrections import correct_roll
from governance.lifecycle.halts import halt
from governance.lifecycle.objections import may_be_objected, object_to, standing_of
from governance.lifecycle.objections import withdraw_objection as take_back
from governance.lifecycle.panel import corrections_of
from governance.lifecycle.reconciling import joint_text
from governance.lifecycle.versions import readable
from governance.models import Halt, Proposal, ProposalVersion, RollCorrection
from governance.services import (
    amend,
    close_and_count,
    execute,
    open_ballot,
    propose,
    publish,
    withdraw,
)
from members.access import IsMember, may_read, the_member, the_user
from members.models import Member
from members.queries import is_steward, member_of

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key drafts once"
)
STEWARDS: dict[str, Callable[..., Proposal]] = {
    "publish": publish,
    "open": open_ballot,
    "close": close_and_count,
    "execute": execute,
}


class OptionInput(serializers.Serializer[Any]):
    """One option: its name; for a person the member number, for a ranked motion its effect."""

    name = serializers.CharField(max_length=160)
    member = serializers.IntegerField(required=False)
    payload = serializers.JSONField(required=False)


class DraftInput(serializers.Serializer[Any]):
    """What a proposal says."""

    title = serializers.CharField(max_length=160)
    text = serializers.CharField(max_length=20_000)
    action = serializers.CharField(max_length=40)
    payload = serializers.DictField(required=False, default=dict)
    kind = serializers.CharField(required=False, default="motion", help_text="motion, consent, …")
    ballot_kind = serializers.CharField(required=False, default="open", help_text="open, sealed")
    options = OptionInput(many=True, required=False, default=list)
    seats = serializers.IntegerField(required=False, default=1, min_value=1, max_value=100)


class AmendInput(serializers.Serializer[Any]):
    """What is to be changed; what is left out stays."""

    title = serializers.CharField(required=False, max_length=160)
    text = serializers.CharField(required=False, max_length=20_000)
    payload = serializers.DictField(required=False)
    kind = serializers.CharField(required=False)
    ballot_kind = serializers.CharField(required=False)
    options = OptionInput(many=True, required=False)
    seats = serializers.IntegerField(required=False, min_value=1, max_value=100)
    why = serializers.CharField(required=False, max_length=400)


class JointTextInput(serializers.Serializer[Any]):
    """The text that both chambers could carry."""

    title = serializers.CharField(max_length=160)
    text = serializers.CharField(max_length=20_000)
    payload = serializers.DictField(required=False, allow_null=True)
    options = OptionInput(many=True, required=False, allow_null=True)


class VersionSerializer(serializers.ModelSerializer[ProposalVersion]):
    """A proposal as one saving or one notice left it."""

    class Meta:
        model = ProposalVersion
        fields = ["number", "version", "content", "notice_hash", "notice_at", "why", "at"]

    def to_representation(self, instance: ProposalVersion) -> dict[str, Any]:
        """Members read all of it; the public not what is said of a person."""
        shown: dict[str, Any] = super().to_representation(instance)
        context = typing.cast(dict[str, Any], self.context)
        shown["content"] = readable(shown["content"], member=context["member"])
        return shown


class ObjectionInput(serializers.Serializer[Any]):
    """Why a user wants the users to decide too."""

    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class StandingSerializer(serializers.Serializer[Any]):
    """How many users object, and how many would call their chamber in (R10)."""

    possible = serializers.BooleanField(help_text="whether this can be objected to at all")
    users = serializers.IntegerField()
    objectors = serializers.IntegerField()
    needed = serializers.IntegerField()
    called_in = serializers.BooleanField()


class ReasonInput(serializers.Serializer[Any]):
    """Reasons that everybody reads."""

    reason = serializers.CharField(max_length=2000)


class HaltSerializer(serializers.ModelSerializer[Halt]):
    """An auditor's halt (R18)."""

    class Meta:
        model = Halt
        fields = ["reason", "at", "until"]


class CorrectionInput(serializers.Serializer[Any]):
    """Who was left off which rolls, and how that came."""

    member = serializers.SlugRelatedField(
        slug_field="number", queryset=Member.objects.filter(number__isnull=False)
    )
    chambers = serializers.ListField(child=serializers.CharField(), allow_empty=False)
    reason = serializers.CharField(max_length=400)


class RollCorrectionSerializer(serializers.ModelSerializer[RollCorrection]):
    """A row that was added to a roll, under its pseudonym, with the signed statement (R7)."""

    chamber = serializers.CharField(source="row.chamber.name")
    position = serializers.IntegerField(source="row.position")
    voter = serializers.CharField(source="row.voter")
    leaf = serializers.CharField(source="row.leaf")
    envelope = serializers.SerializerMethodField()

    class Meta:
        model = RollCorrection
        fields = ["chamber", "position", "voter", "leaf", "reason", "at", "envelope"]

    def get_envelope(self, row: RollCorrection) -> dict[str, Any]:
        """The signed statement."""
        return as_json(row.envelope)


class ReadsAsAnybody(IsMember):
    """Anybody reads, members act."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)


class ReadsAsAnybodyActsInOffice(IsAuthenticated):
    """Anybody reads; whose office it is to act, the service says."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or super().has_permission(request, view)


class Drafts(APIView):
    """Where members put proposals down."""

    permission_classes = [IsMember]

    @extend_schema(request=DraftInput, responses={201: DecisionSerializer}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        """A draft, as its form would make it."""
        said = DraftInput(data=request.data)
        said.is_valid(raise_exception=True)
        draft = propose(
            **said.validated_data,
            member=the_member(request),
            actor=the_user(request),
            key=request.headers.get("Idempotency-Key", "")[:80],
        )
        return Response(_decision(draft, request), status=201)


class Steps(APIView):
    """Publish (also a proposer who is backed), open, close, carry out (stewards); withdraw."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses=DecisionSerializer)
    def post(self, request: Request, proposal_id: int, name: str) -> Response:
        """Take one step: publish, open, close, execute or withdraw."""
        proposal, actor = proposal_for(request, proposal_id), the_user(request)
        if name == "withdraw":
            return Response(_decision(withdraw(proposal_id=proposal.pk, actor=actor), request))
        if name not in STEWARDS or (name != "publish" and not is_steward(actor)):
            raise NotFound
        return Response(_decision(STEWARDS[name](proposal_id=proposal.pk, actor=actor), request))


class Versions(APIView):
    """The versions of a proposal."""

    permission_classes = [ReadsAsAnybody]

    @extend_schema(responses=VersionSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """Every version that this reader may see, in order."""
        proposal = proposal_for(request, proposal_id)
        member = reader_member(request) is not None
        rows = proposal.versions.all() if member else proposal.versions.exclude(notice_at=None)
        return Response(VersionSerializer(rows, many=True, context={"member": member}).data)

    @extend_schema(request=AmendInput, responses=DecisionSerializer)
    def post(self, request: Request, proposal_id: int) -> Response:
        """Change the proposal: a draft is saved, an announced one gets a new notice (R15)."""
        said = AmendInput(data=request.data)
        said.is_valid(raise_exception=True)
        proposal = proposal_for(request, proposal_id)
        changed = amend(proposal_id=proposal.pk, actor=the_user(request), **said.validated_data)
        return Response(_decision(changed, request))


class SecondVote(APIView):
    """The second vote of two chambers that differ (R11)."""

    permission_classes = [IsMember]

    @extend_schema(request=JointTextInput, responses={201: DecisionSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Its draft with the joint text; announced when the time for it is over."""
        said = JointTextInput(data=request.data)
        said.is_valid(raise_exception=True)
        first = proposal_for(request, proposal_id)
        draft = joint_text(proposal_id=first.pk, actor=the_user(request), **said.validated_data)
        return Response(_decision(draft, request), status=201)


class Objections(APIView):
    """Objections of users to what the owners decide (R10)."""

    permission_classes = [ReadsAsAnybody]

    @extend_schema(responses=StandingSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """How many object, of how many."""
        return Response(_standing(public_proposal(proposal_id)))

    @extend_schema(request=ObjectionInput, responses={201: StandingSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Object, or give another reason."""
        said = ObjectionInput(data=request.data)
        said.is_valid(raise_exception=True)
        proposal = public_proposal(proposal_id)
        object_to(proposal_id=proposal.pk, member=the_member(request), **said.validated_data)
        return Response(_standing(public_proposal(proposal_id)), status=201)

    @extend_schema(request=None, responses={200: StandingSerializer})
    def delete(self, request: Request, proposal_id: int) -> Response:
        """Take an objection back."""
        take_back(proposal_id=public_proposal(proposal_id).pk, member=the_member(request))
        return Response(_standing(public_proposal(proposal_id)))


class Halts(APIView):
    """Halts of auditors (R18)."""

    permission_classes = [ReadsAsAnybodyActsInOffice]

    @extend_schema(responses=HaltSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """All of them, with their reasons."""
        return Response(HaltSerializer(public_proposal(proposal_id).halts, many=True).data)

    @extend_schema(request=ReasonInput, responses={201: HaltSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Halt the vote, as an auditor."""
        said = ReasonInput(data=request.data)
        said.is_valid(raise_exception=True)
        proposal = public_proposal(proposal_id)
        made = halt(proposal_id=proposal.pk, actor=the_user(request), **said.validated_data)
        return Response(HaltSerializer(made).data, status=201)


class Corrections(APIView):
    """Who was added to a roll after it was frozen (R7)."""

    permission_classes = [ReadsAsAnybodyActsInOffice]

    @extend_schema(responses=RollCorrectionSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """All corrections of a vote, signed, under pseudonyms."""
        rows = corrections_of(public_proposal(proposal_id))
        return Response(RollCorrectionSerializer(rows, many=True).data)

    @extend_schema(request=CorrectionInput, responses={201: RollCorrectionSerializer(many=True)})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Add somebody, as a steward or an auditor."""
        said = CorrectionInput(data=request.data)
        said.is_valid(raise_exception=True)
        proposal = public_proposal(proposal_id)
        rows = correct_roll(proposal_id=proposal.pk, actor=the_user(request), **said.validated_data)
        return Response(RollCorrectionSerializer(rows, many=True).data, status=201)


def _decision(proposal: Proposal, request: Request) -> dict[str, Any]:
    named = may_read(member_of(request.user))
    return DecisionSerializer(proposal, context={"request": request, "named": named}).data


def _standing(proposal: Proposal) -> dict[str, Any]:
    standing = standing_of(proposal)
    return StandingSerializer(
        {
            "possible": may_be_objected(proposal),
            "users": standing.users,
            "objectors": standing.objectors,
            "needed": standing.needed,
            "called_in": proposal.called_in,
        }
    ).data
