"""A member's own limit: whether they let themselves use more than their tokens."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, member_required, the_member, the_user
from tokens import services
from tokens.allowances import Limits, limits_of
from tokens.views import back


@require_POST
@member_required
def wish(request: HttpRequest) -> HttpResponse:
    """Let oneself go over, or not; the nodes learn it with their next allowances."""
    member, may = the_member(request), "may" in request.POST
    services.set_overage_wish(member=member, may_go_over=may, actor=the_user(request))
    said = _("You may go over again.") if may else _("Noted. The nodes learn it within minutes.")
    messages.success(request, said)
    return back()


class LimitsSerializer(serializers.Serializer[Limits]):
    """Whether the member lets themselves go over; limit and room in cents, null: there is none."""

    may_go_over = serializers.BooleanField()
    limit = serializers.IntegerField(read_only=True, allow_null=True)
    room = serializers.IntegerField(read_only=True, allow_null=True)


class LimitsView(APIView):
    """How far the member who asks may go beyond their tokens."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="limits", tags=["tokens"], responses=LimitsSerializer)
    def get(self, request: Request) -> Response:
        """The wish, the credit limit, and what it leaves."""
        return Response(LimitsSerializer(limits_of(the_member(request))).data)

    @extend_schema(
        operation_id="set_limits", tags=["tokens"], request=LimitsSerializer,
        responses=LimitsSerializer,
    )  # fmt: skip
    def put(self, request: Request) -> Response:
        """Let oneself go over, or not."""
        asked, member = LimitsSerializer(data=request.data), the_member(request)
        asked.is_valid(raise_exception=True)
        services.set_overage_wish(
            member=member,
            may_go_over=asked.validated_data["may_go_over"],
            actor=the_user(request),
        )
        return Response(LimitsSerializer(limits_of(member)).data)
