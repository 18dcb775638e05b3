"""Votes in other hands under /api/v1/: a member's own words, and where they lead."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import public_proposal, reader_member
from governance.delegations import services
from governance.delegations.panel import panel
from governance.delegations.queries import Way, given_by, held_by
from governance.delegations.services import Meant
from governance.delegations.showing import Read
from governance.delegations.views import own_delegation
from governance.models import Carried, Delegation
from members.access import IsMember, the_member, the_user
from members.errors import UnknownMember
from members.models import Member

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key names once"
)


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """A word: who named whom, for what, until when."""

    kind = serializers.CharField(help_text="proxy or delegation")
    scope = serializers.CharField(help_text="all, area or proposal")
    giver = serializers.IntegerField(source="giver.number", help_text="member number")
    holder = serializers.IntegerField(source="holder.number", help_text="member number")

    class Meta:
        model = Delegation
        fields = [
            "id",
            "kind",
            "scope",
            "area",
            "proposal",
            "giver",
            "holder",
            "directed",
            "made_at",
            "until",
            "revoked_at",
        ]


class DelegationInput(serializers.Serializer[Any]):
    """Whom to name, for what, until when."""

    holder = serializers.IntegerField(help_text="member number")
    kind = serializers.CharField(default="proxy", help_text="proxy or delegation")
    scope = serializers.CharField(default="proposal", help_text="all, area or proposal")
    area = serializers.CharField(default="", allow_blank=True)
    proposal = serializers.IntegerField(required=False, allow_null=True, default=None)
    directed = serializers.JSONField(
        required=False, allow_null=True, default=None, help_text="the answer a proxy is bound to"
    )
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class WordsSerializer(serializers.Serializer[Any]):
    """What a member gave and holds."""

    given = DelegationSerializer(many=True)
    held = DelegationSerializer(many=True)


class WaySerializer(serializers.Serializer[Any]):
    """Where a member's word leads in one vote."""

    chamber = serializers.CharField(allow_blank=True)
    way = serializers.ListField(child=serializers.IntegerField(), help_text="member numbers")
    reaches = serializers.IntegerField(allow_null=True)
    lost = serializers.CharField(allow_blank=True, help_text="end, loop or barred")


class DelegateBallotSerializer(serializers.Serializer[Any]):
    """A delegate's ballot, open to who delegated."""

    member = serializers.IntegerField()
    choices = serializers.DictField()
    reason = serializers.CharField(allow_blank=True)


class FateSerializer(serializers.Serializer[Any]):
    """What became of a member's vote in one chamber."""

    chamber = serializers.CharField()
    through = serializers.IntegerField(allow_null=True, help_text="member number")
    lost = serializers.CharField(allow_blank=True, help_text="end, loop, cap or barred")


class InVoteSerializer(serializers.Serializer[Any]):
    """Votes in other hands in one vote, as far as this reader may know."""

    ways = WaySerializer(many=True)
    ballots = DelegateBallotSerializer(many=True)
    fates = FateSerializer(many=True)
    named_by = serializers.IntegerField(help_text="how many name me in this vote")
    spoke_for = serializers.IntegerField(help_text="for how many others my ballot counted")
    carried = serializers.IntegerField(allow_null=True)
    lost = serializers.IntegerField(allow_null=True)


class Delegations(APIView):
    """A member's own words."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="delegations", responses=WordsSerializer)
    def get(self, request: Request) -> Response:
        """What I gave and what I hold."""
        member = the_member(request)
        words = {"given": given_by(member), "held": held_by(member)}
        return Response(WordsSerializer(words).data)

    @extend_schema(request=DelegationInput, responses={201: DelegationSerializer}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        """Name somebody."""
        said = DelegationInput(data=request.data)
        said.is_valid(raise_exception=True)
        data = said.validated_data
        number, vote = data.pop("holder"), data.pop("proposal")
        row = services.give(
            giver=the_member(request),
            holder=member_numbered(number),
            meant=Meant(proposal_id=vote and public_proposal(vote).pk, **data),
            actor=the_user(request),
            key=request.headers.get("Idempotency-Key", "")[:80],
        )
        return Response(DelegationSerializer(row).data, status=201)


class RevokedDelegation(APIView):
    """Where a word is taken back or laid down."""

    permission_classes = [IsMember]

    @extend_schema(request=None, responses=DelegationSerializer)
    def post(self, request: Request, delegation_id: int) -> Response:
        """End a word that I gave or hold."""
        member = the_member(request)
        row = own_delegation(member, delegation_id)
        row = services.revoke(delegation_id=row.pk, member=member, actor=the_user(request))
        return Response(DelegationSerializer(row).data)


class DelegationsInVote(APIView):
    """Votes in other hands in one vote."""

    permission_classes = [AllowAny]

    @extend_schema(responses=InVoteSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """Where my word leads, whose ballot I may read; the numbers, from the close on."""
        proposal = public_proposal(proposal_id)
        shown = panel(request, proposal, reader_member(request))
        found = {
            "ways": [way_json(way) for way in shown.get("ways", [])],
            "ballots": [ballot_json(read) for read in shown.get("read", [])],
            "fates": [fate_json(row) for row, _why in shown.get("fates", [])],
            "named_by": shown.get("named_by", 0),
            "spoke_for": shown.get("spoke_for", 0),
            "carried": shown.get("totals", {}).get("carried"),
            "lost": shown.get("totals", {}).get("lost"),
        }
        return Response(InVoteSerializer(found).data)


def member_numbered(number: int) -> Member:
    """The member with this number; raises UnknownMember."""
    found = Member.objects.filter(number=number).first()
    if found is None:
        raise UnknownMember(number=number)
    return found


def way_json(way: Way) -> dict[str, Any]:
    """A way by the numbers of its people."""
    return {
        "chamber": way.chamber,
        "way": [person.number for person in way.people],
        "reaches": way.reaches.number if way.reaches else None,
        "lost": way.why,
    }


def ballot_json(read: Read) -> dict[str, Any]:
    """A ballot as its delegators read it."""
    ballot = read.ballot
    return {
        "member": ballot.member.number,
        "choices": ballot.choices,
        "reason": ballot.reason,
    }


def fate_json(row: Carried) -> dict[str, Any]:
    """A fate by the number of who voted."""
    return {
        "chamber": row.row.chamber.name,
        "through": row.through.member.number if row.through else None,
        "lost": row.lost,
    }
