"""What needs a member, and what they were told, under /api/v1/decisions/mine/."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance import queries
from governance.access import proposal_for
from governance.models import Delivery, Mention, Proposal
from governance.notices.queries import mentions_of, notices_to, told_of
from governance.notices.seen import saw
from members.access import IsMember, the_member

MOST = 100


class VoteNeededSerializer(serializers.ModelSerializer[Proposal]):
    """An open vote that waits for whoever asks."""

    class Meta:
        model = Proposal
        fields = ["id", "title", "closes_at"]


class MentionSerializer(serializers.ModelSerializer[Mention]):
    """A post that calls whoever asks, and that they have not looked at."""

    proposal = serializers.IntegerField(source="post.proposal_id")
    post = serializers.IntegerField(source="post_id")
    member = serializers.IntegerField(source="post.member.number", help_text="who wrote it")
    at = serializers.DateTimeField(source="post.at")

    class Meta:
        model = Mention
        fields = ["proposal", "post", "member", "at"]


class NoticeSerializer(serializers.ModelSerializer[Delivery]):
    """A notice that was given to whoever asks, when its mail left and when they looked."""

    proposal = serializers.IntegerField(source="proposal_id")
    title = serializers.CharField(source="proposal.title")

    class Meta:
        model = Delivery
        fields = ["proposal", "title", "version", "at", "mailed_at", "seen_at"]


class MineSerializer(serializers.Serializer[Any]):
    """What needs a member, and the newest hundred notices to them."""

    needs_my_vote = VoteNeededSerializer(many=True)
    mentions = MentionSerializer(many=True)
    notices = NoticeSerializer(many=True)


class DeliveriesSerializer(serializers.Serializer[Any]):
    """How the newest notice of a vote went: members it was given to, mails left, pages opened."""

    given = serializers.IntegerField()
    mailed = serializers.IntegerField()
    seen = serializers.IntegerField()


class Mine(APIView):
    """What needs whoever asks."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="my_decisions", responses=MineSerializer)
    def get(self, request: Request) -> Response:
        """Votes that need mine, the one that closes first in front; mentions; notices."""
        member = the_member(request)
        found = {
            "needs_my_vote": queries.votes_needed_of(member),
            "mentions": mentions_of(member),
            "notices": notices_to(member)[:MOST],
        }
        return Response(MineSerializer(found).data)


class Deliveries(APIView):
    """The record of a notice."""

    permission_classes = [IsMember]

    @extend_schema(operation_id="deliveries", responses=DeliveriesSerializer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """How many members were told, mailed, and have looked."""
        return Response(asdict(told_of(proposal_for(request, proposal_id))))

    @extend_schema(operation_id="saw", request=None, responses={200: DeliveriesSerializer})
    def post(self, request: Request, proposal_id: int) -> Response:
        """Record that whoever asks has read the proposal, as opening its page does."""
        proposal = proposal_for(request, proposal_id)
        saw(proposal=proposal, member=the_member(request))
        return Response(asdict(told_of(proposal)))
