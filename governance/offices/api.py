"""Offices under /api/v1/: what the pages show and do, for members, stewards and auditors."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import proposal_for
from governance.models import Candidate, Emergency, Petition
from governance.offices import candidates
from governance.offices.emergencies import answer_emergency, call_emergency, sign_emergency
from governance.offices.officers import step_down
from governance.offices.pages import Holder, holders_of
from governance.offices.petitions import open_petition, sign_petition, withdraw_signature
from governance.offices.queries import (
    OFFICES,
    Support,
    emergencies,
    petitions,
    support_of,
    supports_of,
)
from members.access import IsMember, IsSteward, ReadsRegister, the_member, the_user
from members.models import Member
from metering.models import Node


class OfficeHolderSerializer(serializers.Serializer[Holder]):
    """Who holds an office, since when, until when, by which decision."""

    office = serializers.CharField(source="role.name", help_text="steward or auditor")
    member = serializers.IntegerField(source="member.number", default=None)
    since = serializers.DateTimeField(source="role.since")
    until = serializers.DateTimeField(source="role.until", allow_null=True)
    decided_by = serializers.CharField(source="role.source")


class CandidateSerializer(serializers.ModelSerializer[Candidate]):
    """Somebody who stands, or is asked to; on the ballot is who accepted before the notice."""

    member = serializers.IntegerField(source="member.number")
    named_by = serializers.IntegerField(source="named_by.number")

    class Meta:
        model = Candidate
        fields = ("member", "statement", "named_by", "accepted_at", "withdrawn_at")
        read_only_fields = fields


class StandInput(serializers.Serializer[Any]):
    """Stand oneself with a statement, or ask the member of this number to stand."""

    statement = serializers.CharField(max_length=5000, allow_blank=True, default="")
    member = serializers.IntegerField(required=False, allow_null=True, default=None)


class PetitionSerializer(serializers.ModelSerializer[Petition]):
    """A petition, and how many of the rolls of today have signed and are needed."""

    member = serializers.IntegerField(source="member.number")
    opened_by = serializers.IntegerField(source="opened_by.number")
    office = serializers.CharField(help_text="steward or auditor")
    users = serializers.SerializerMethodField()
    owners = serializers.SerializerMethodField()

    class Meta:
        model = Petition
        fields = ("id", "member", "office", "text", "opened_by", "at", "until", "proposal",
                  "users", "owners")  # fmt: skip
        read_only_fields = fields

    def get_users(self, petition: Petition) -> list[int]:
        """Users who signed, and how many call the vote."""
        support = self._support(petition)
        return [support.users, support.users_needed]

    def get_owners(self, petition: Petition) -> list[int]:
        """Owners who signed, and how many call the vote."""
        support = self._support(petition)
        return [support.owners, support.owners_needed]

    def _support(self, petition: Petition) -> Support:
        found: dict[int, Support] = self.context.get("supports", {})
        return found.get(petition.pk) or support_of(petition)


class PetitionInput(serializers.Serializer[Any]):
    """Whose recall, from which office, and why."""

    member = serializers.IntegerField(help_text="member number")
    office = serializers.ChoiceField(choices=[office.value for office in OFFICES])
    text = serializers.CharField(max_length=5000)


class EmergencySerializer(serializers.ModelSerializer[Emergency]):
    """An emergency with its record; `signatures` are moments, one for each steward."""

    node = serializers.UUIDField(source="node.uuid")
    emergency_state = serializers.CharField(source="state")
    signatures = serializers.SerializerMethodField()

    class Meta:
        model = Emergency
        fields = ("id", "node", "reason", "evidence", "evidence_sha256", "emergency_state", "at",
                  "in_force_from", "until", "proposal", "answer", "answered_at",
                  "signatures")  # fmt: skip
        read_only_fields = fields

    def get_signatures(self, emergency: Emergency) -> list[str]:
        """When each was given, in ISO form."""
        return [row.at.isoformat() for row in emergency.signatures.all()]


class EmergencyInput(serializers.Serializer[Any]):
    """Which node, why, and what shows it."""

    node = serializers.UUIDField()
    reason = serializers.CharField(max_length=400)
    evidence = serializers.CharField(max_length=20_000)


class AnswerInput(serializers.Serializer[Any]):
    """What the node's people say, for the record."""

    text = serializers.CharField(max_length=5000)


class StewardsWrite(IsMember):
    """Members, stewards and auditors read; stewards write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """By what the request does."""
        if request.method in SAFE_METHODS:
            return reads(request, view)
        return IsSteward().has_permission(request, view)


class MembersWrite(IsMember):
    """Members, stewards and auditors read; members write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """By what the request does."""
        if request.method in SAFE_METHODS:
            return reads(request, view)
        return super().has_permission(request, view)


def reads(request: Request, view: APIView) -> bool:
    """Members, stewards and auditors."""
    return IsMember().has_permission(request, view) or ReadsRegister().has_permission(request, view)


def given(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, checked."""
    asked = kind(data=request.data)
    asked.is_valid(raise_exception=True)
    found: dict[str, Any] = asked.validated_data
    return found


class Offices(APIView):
    """Who holds which office."""

    permission_classes = (MembersWrite,)

    @extend_schema(operation_id="offices", responses=OfficeHolderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Stewards first, those longest in office in front."""
        holders = [holder for office in OFFICES for holder in holders_of(office)]
        return Response([OfficeHolderSerializer(holder).data for holder in holders])


class OwnOffice(APIView):
    """An office of one's own."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="step_down", request=None, responses={204: None})
    def delete(self, request: Request, office: str) -> Response:
        """Step down."""
        step_down(member=the_member(request), office=office, actor=the_user(request))
        return Response(status=204)


class Candidates(APIView):
    """Who stands in an election."""

    permission_classes = (MembersWrite,)

    @extend_schema(operation_id="candidates", responses=CandidateSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """Everybody who was named, those who withdrew among them."""
        rows = proposal_for(request, proposal_id).candidates.select_related("member", "named_by")
        return Response(CandidateSerializer(rows, many=True).data)

    @extend_schema(operation_id="stand", request=StandInput, responses={201: CandidateSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Stand, accept, or ask somebody to stand."""
        asked, proposal = given(StandInput, request), proposal_for(request, proposal_id)
        member, user = the_member(request), the_user(request)
        if asked["member"] is None:
            row = candidates.stand(
                proposal_id=proposal.pk, member=member, actor=user, statement=asked["statement"]
            )
        else:
            other = get_object_or_404(Member, number=asked["member"])
            row = candidates.name_candidate(
                proposal_id=proposal.pk, member=other, named_by=member, actor=user
            )
        return Response(CandidateSerializer(row).data, status=201)

    @extend_schema(operation_id="withdraw_candidate", request=None, responses={204: None})
    def delete(self, request: Request, proposal_id: int) -> Response:
        """Do not stand, or no longer."""
        candidates.withdraw_candidate(
            proposal_id=proposal_for(request, proposal_id).pk,
            member=the_member(request),
            actor=the_user(request),
        )
        return Response(status=204)


class Petitions(APIView):
    """Petitions for recalls."""

    permission_classes = (MembersWrite,)

    @extend_schema(operation_id="petitions", responses=PetitionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The newest hundred."""
        rows = list(petitions()[:100])
        context = {"supports": supports_of(rows)}
        return Response(PetitionSerializer(rows, many=True, context=context).data)

    @extend_schema(
        operation_id="open_petition", request=PetitionInput, responses={201: PetitionSerializer}
    )
    def post(self, request: Request) -> Response:
        """Open one and sign it."""
        asked = given(PetitionInput, request)
        petition = open_petition(
            member=get_object_or_404(Member, number=asked["member"]),
            office=asked["office"],
            text=asked["text"],
            opened_by=the_member(request),
            actor=the_user(request),
        )
        return Response(PetitionSerializer(petition).data, status=201)


class PetitionView(APIView):
    """One petition."""

    permission_classes = (MembersWrite,)

    @extend_schema(operation_id="petition", responses=PetitionSerializer)
    def get(self, request: Request, petition_id: int) -> Response:
        """Its text and how far it is."""
        return Response(PetitionSerializer(get_object_or_404(petitions(), pk=petition_id)).data)

    @extend_schema(operation_id="sign_petition", request=None, responses=PetitionSerializer)
    def post(self, request: Request, petition_id: int) -> Response:
        """Sign it; the signature that reaches the number calls the vote."""
        return self._done(request, petition_id, sign_petition)

    @extend_schema(operation_id="unsign_petition", request=None, responses=PetitionSerializer)
    def delete(self, request: Request, petition_id: int) -> Response:
        """Take the signature back."""
        return self._done(request, petition_id, withdraw_signature)

    def _done(self, request: Request, petition_id: int, act: Any) -> Response:
        petition = get_object_or_404(petitions(), pk=petition_id)
        row = act(petition_id=petition.pk, member=the_member(request), actor=the_user(request))
        return Response(PetitionSerializer(row).data)


class Emergencies(APIView):
    """Emergency quarantines."""

    permission_classes = (StewardsWrite,)

    @extend_schema(operation_id="emergencies", responses=EmergencySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The newest hundred."""
        rows = emergencies().prefetch_related("signatures")[:100]
        return Response(EmergencySerializer(rows, many=True).data)

    @extend_schema(
        operation_id="call_emergency", request=EmergencyInput, responses={201: EmergencySerializer}
    )
    def post(self, request: Request) -> Response:
        """Call one and sign it."""
        asked = given(EmergencyInput, request)
        emergency = call_emergency(
            node=get_object_or_404(Node, uuid=asked["node"]),
            reason=asked["reason"],
            evidence=asked["evidence"],
            actor=the_user(request),
        )
        return Response(EmergencySerializer(emergency).data, status=201)


class EmergencyView(APIView):
    """One emergency."""

    permission_classes = (StewardsWrite,)

    @extend_schema(operation_id="emergency", responses=EmergencySerializer)
    def get(self, request: Request, emergency_id: int) -> Response:
        """Its whole record."""
        row = get_object_or_404(emergencies(), pk=emergency_id)
        return Response(EmergencySerializer(row).data)

    @extend_schema(operation_id="sign_emergency", request=None, responses=EmergencySerializer)
    def post(self, request: Request, emergency_id: int) -> Response:
        """Sign it; the last signature that it takes puts it in force."""
        row = get_object_or_404(emergencies(), pk=emergency_id)
        signed = sign_emergency(emergency_id=row.pk, actor=the_user(request))
        return Response(EmergencySerializer(signed).data)


class EmergencyAnswer(APIView):
    """What the node's people say of an emergency."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="answer_emergency", request=AnswerInput, responses=EmergencySerializer
    )
    def post(self, request: Request, emergency_id: int) -> Response:
        """Put it on the record, once."""
        row = get_object_or_404(emergencies(), pk=emergency_id)
        answered = answer_emergency(
            emergency_id=row.pk,
            member=the_member(request),
            text=given(AnswerInput, request)["text"],
            actor=the_user(request),
        )
        return Response(EmergencySerializer(answered).data)
