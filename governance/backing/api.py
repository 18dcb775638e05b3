"""Under /api/v1/decisions/: who stands behind a draft."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import proposal_for
from governance.backing import services
from governance.backing.queries import support_of
from members.access import IsMember, the_member


class BackingSerializer(serializers.Serializer[Any]):
    """How many members stand behind a draft, and how many let its proposer give notice."""

    members = serializers.IntegerField()
    backers = serializers.IntegerField()
    needed = serializers.IntegerField()
    mine = serializers.BooleanField()


class Backings(APIView):
    """The backing of a draft."""

    permission_classes = [IsMember]

    @extend_schema(responses=BackingSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """How many stand behind the draft as it is now."""
        return self._answer(request, proposal_id)

    @extend_schema(request=None, responses={201: BackingSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Stand behind it."""
        proposal = proposal_for(request, proposal_id)
        services.back(proposal_id=proposal.pk, member=the_member(request))
        return self._answer(request, proposal_id, 201)

    @extend_schema(request=None, responses={200: BackingSerializer})
    def delete(self, request: Request, proposal_id: int) -> Response:
        """Stand behind it no longer."""
        proposal = proposal_for(request, proposal_id)
        services.take_back(proposal_id=proposal.pk, member=the_member(request))
        return self._answer(request, proposal_id)

    def _answer(self, request: Request, proposal_id: int, status: int = 200) -> Response:
        support = support_of(proposal_for(request, proposal_id), the_member(request))
        return Response(BackingSerializer(support).data, status=status)
