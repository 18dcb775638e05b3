"""Discussions under /api/v1/: read and written by members; its trace is for everybody."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.access import proposal_for
from governance.api import KEY
from governance.discussion import services
from governance.discussion.threads import Said, discussion_of, reader_of, said_in
from governance.models import Moderation
from members.access import IsMember, the_member, the_user


class ModerationSerializer(serializers.ModelSerializer[Moderation]):
    """One act on a post, as the public reads it."""

    act = serializers.CharField(help_text="hide or show")

    class Meta:
        model = Moderation
        fields = ["act", "reason", "at"]


class PostSerializer(serializers.Serializer[Said]):
    """One post in its place; text and writer for members only, no text where it is hidden."""

    id = serializers.IntegerField(source="post.pk")
    number = serializers.IntegerField(help_text="1, 2, 3 … in this discussion")
    answers = serializers.IntegerField(
        source="post.parent_id", allow_null=True, help_text="the id of the post it answers"
    )
    version = serializers.IntegerField(source="post.version", help_text="of the proposal")
    at = serializers.DateTimeField(source="post.at")
    member = serializers.SerializerMethodField()
    text = serializers.CharField(allow_null=True)
    hidden = serializers.BooleanField()
    moderations = ModerationSerializer(source="trace", many=True)

    def get_member(self, said: Said) -> int | None:
        """Member number of who wrote it."""
        return said.post.member.number if said.reader.reads else None


class PostInput(serializers.Serializer[Any]):
    """What to say, and to which post it answers."""

    text = serializers.CharField(max_length=services.LONGEST_POST)
    answers = serializers.IntegerField(required=False, allow_null=True, default=None)


class ModerationInput(serializers.Serializer[Any]):
    """An act and its public reason."""

    act = serializers.ChoiceField(choices=["hide", "show"])
    reason = serializers.CharField(max_length=services.LONGEST_REASON)


class MembersWrite(IsMember):
    """Everybody reads, members write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Reading is free; what is read depends on the reader."""
        return request.method in SAFE_METHODS or super().has_permission(request, view)


class Posts(APIView):
    """What is said about one proposal."""

    permission_classes = [MembersWrite]

    @extend_schema(operation_id="discussion", responses=PostSerializer(many=True))
    def get(self, request: Request, proposal_id: int) -> Response:
        """Every post in reading order."""
        proposal = proposal_for(request, proposal_id)
        threads = discussion_of(proposal, reader_of(request))
        said = [said for thread in threads for said in thread]
        return Response([PostSerializer(one).data for one in said])

    @extend_schema(
        operation_id="say", request=PostInput, responses={201: PostSerializer}, parameters=[KEY]
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Say something, or answer."""
        given = PostInput(data=request.data)
        given.is_valid(raise_exception=True)
        parent = given.validated_data["answers"]
        if parent is not None:
            _said(request, proposal_id, parent)
        made = services.say(
            proposal_id=proposal_for(request, proposal_id).pk,
            member=the_member(request),
            actor=the_user(request),
            text=given.validated_data["text"],
            parent_id=parent,
            key=request.headers.get("Idempotency-Key", "")[:60],
        )
        return Response(PostSerializer(_said(request, proposal_id, made.pk)).data, status=201)


class Moderations(APIView):
    """What is done to one post."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="moderate", request=ModerationInput, responses={201: PostSerializer}
    )
    def post(self, request: Request, proposal_id: int, post_id: int) -> Response:
        """Hide a post or show it again, with a public reason."""
        given = ModerationInput(data=request.data)
        given.is_valid(raise_exception=True)
        _said(request, proposal_id, post_id)
        done = services.hide if given.validated_data["act"] == "hide" else services.show
        done(post_id=post_id, actor=the_user(request), reason=given.validated_data["reason"])
        return Response(PostSerializer(_said(request, proposal_id, post_id)).data, status=201)


def _said(request: Request, proposal_id: int, post_id: int) -> Said:
    threads = discussion_of(proposal_for(request, proposal_id), reader_of(request))
    said = said_in(threads, post_id)
    if said is None:
        raise Http404
    return said
