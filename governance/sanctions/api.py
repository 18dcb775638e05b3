"""Sanctions under /api/v1/: their member's own, a panel's votes, and the lot for everybody."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Sanction, SanctionAppeal
from governance.sanctions import access, appeals, queries, services
from ledger.api import NewestFirst
from members.access import (
    IsOnRegister,
    IsSteward,
    member_or_404,
    the_one_on_the_register,
    the_user,
)
from members.queries import is_auditor


class SanctionSerializer(serializers.ModelSerializer[Sanction]):
    """A sanction as its member and the stewards read it."""

    member = serializers.IntegerField(source="member.number", allow_null=True)
    step = serializers.CharField(help_text="warn, limit or suspend")
    appeal = serializers.SerializerMethodField()

    class Meta:
        model = Sanction
        fields = [
            "id",
            "member",
            "step",
            "reason",
            "at",
            "until",
            "ended_at",
            "ended_why",
            "commitment",
            "appeal",
        ]

    def get_appeal(self, row: Sanction) -> dict[str, Any] | None:
        """The appeal's number and what came of it, or null."""
        made = getattr(row, "appeal", None)
        if made is None:
            return None
        return {"id": made.pk, "until": made.until.isoformat(), "result": made.result}


class SanctionInput(serializers.Serializer[Any]):
    """One step against a member."""

    member_id = serializers.IntegerField()
    step = serializers.CharField(help_text="warn, limit or suspend")
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField()

    def validate_step(self, value: str) -> str:
        """One of the ladder's."""
        if value not in Sanction.Step.values:
            raise serializers.ValidationError("warn, limit or suspend")
        return value


class EndSanctionInput(serializers.Serializer[Any]):
    """Why it ends early."""

    reason = serializers.CharField(max_length=400)


class SanctionAppealInput(serializers.Serializer[Any]):
    """What the member answers."""

    text = serializers.CharField(max_length=4000)


class PanelVoteInput(serializers.Serializer[Any]):
    """A panelist's vote: "upheld" or "ended"."""

    vote = serializers.CharField(help_text="upheld or ended")
    reason = serializers.CharField(max_length=2000)


class LotSerializer(serializers.Serializer[Any]):
    """All that is needed to repeat the lot of a panel."""

    appeal = serializers.IntegerField()
    until = serializers.DateTimeField()
    result = serializers.CharField()
    draw = serializers.DictField()


class Sanctions(ListAPIView[Sanction]):
    """A member's own sanctions; everybody's, for stewards and auditors."""

    permission_classes = [IsOnRegister]
    serializer_class = SanctionSerializer
    pagination_class = NewestFirst
    queryset = Sanction.objects.none()

    def get_queryset(self) -> Any:
        """What this reader may see."""
        if is_auditor(self.request.user):
            return queries.sanctions()
        return queries.of_member(the_one_on_the_register(self.request))


class NewSanction(APIView):
    """Where stewards put a step on a member."""

    permission_classes = [IsSteward]

    @extend_schema(request=SanctionInput, responses={201: SanctionSerializer})
    def post(self, request: Request) -> Response:
        """Put a step of the ladder on a member."""
        said = SanctionInput(data=request.data)
        said.is_valid(raise_exception=True)
        member_or_404(said.validated_data["member_id"])
        key = request.headers.get("Idempotency-Key", "")[:80]
        row = services.sanction(actor=the_user(request), key=key, **said.validated_data)
        return Response(SanctionSerializer(row).data, status=201)


class EndSanction(APIView):
    """Where stewards end one before its time."""

    permission_classes = [IsSteward]

    @extend_schema(request=EndSanctionInput, responses=SanctionSerializer)
    def post(self, request: Request, sanction_id: int) -> Response:
        """End a sanction early."""
        said = EndSanctionInput(data=request.data)
        said.is_valid(raise_exception=True)
        row = access.sanction_for(request, sanction_id)
        row = services.end_early(sanction_id=row.pk, actor=the_user(request), **said.validated_data)
        return Response(SanctionSerializer(row).data)


class Appeals(APIView):
    """Where a member appeals."""

    permission_classes = [IsOnRegister]

    @extend_schema(request=SanctionAppealInput, responses={201: LotSerializer})
    def post(self, request: Request, sanction_id: int) -> Response:
        """Appeal, and have the panel drawn."""
        said = SanctionAppealInput(data=request.data)
        said.is_valid(raise_exception=True)
        row = appeals.appeal(
            sanction_id=access.sanction_for(request, sanction_id).pk,
            member=the_one_on_the_register(request),
            actor=the_user(request),
            **said.validated_data,
        )
        return Response(lot_of(row), status=201)


class PanelVotes(APIView):
    """Where those whom the lot drew vote."""

    permission_classes = [IsOnRegister]

    @extend_schema(request=PanelVoteInput, responses={201: LotSerializer})
    def post(self, request: Request, appeal_id: int) -> Response:
        """Vote on a panel."""
        said = PanelVoteInput(data=request.data)
        said.is_valid(raise_exception=True)
        row, member = access.panel_for(request, appeal_id)
        row = appeals.answer(
            appeal_id=row.pk, member=member, actor=the_user(request), **said.validated_data
        )
        return Response(lot_of(row), status=201)


class Declined(APIView):
    """Where those whom the lot drew decline."""

    permission_classes = [IsOnRegister]

    @extend_schema(request=None, responses=LotSerializer)
    def post(self, request: Request, appeal_id: int) -> Response:
        """Give the seat to the next one of the lot."""
        row, member = access.panel_for(request, appeal_id)
        row = appeals.decline(appeal_id=row.pk, member=member, actor=the_user(request))
        return Response(lot_of(row))


class Lot(APIView):
    """The lot of a panel, for anybody to repeat."""

    permission_classes = [AllowAny]

    @extend_schema(responses=LotSerializer)
    def get(self, request: Request, appeal_id: int) -> Response:
        """Nonce, seed, among whom, the order."""
        return Response(lot_of(get_object_or_404(queries.appeals(), pk=appeal_id)))


def lot_of(row: SanctionAppeal) -> dict[str, Any]:
    """The lot's wire form; members by number."""
    shown = {"appeal": row.pk, "until": row.until, "result": row.result, "draw": row.draw}
    return dict(LotSerializer(shown).data)
