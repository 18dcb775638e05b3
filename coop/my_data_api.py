"""One's own data under /api/v1/: all of it, and the wish to be forgotten."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.privacy import data_on
from members.access import the_user
from members.models import ErasureRequest, Member
from members.queries import member_of
from members.services.erasure import ask_erasure, take_back_erasure


class ErasureSerializer(serializers.ModelSerializer[ErasureRequest]):
    """A request for erasure, and what became of it."""

    class Meta:
        model = ErasureRequest
        fields = ("state", "asked_at", "decided_at", "answer")
        read_only_fields = fields


class MyData(APIView):
    """What the site holds on whoever asks."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="my_data", responses={200: dict}, tags=["identity"])
    def get(self, request: Request) -> Response:
        """All of it: each part of the site with its rows; the ZIP on the page says the same."""
        data: dict[str, Any] = data_on(_me(request))
        return Response(data)


class MyErasure(APIView):
    """The wish to be forgotten, when the membership has ended."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="ask_erasure",
        request=None,
        responses={201: ErasureSerializer},
        tags=["identity"],
    )
    def post(self, request: Request) -> Response:
        """Ask; asked again, the same request."""
        row = ask_erasure(member_id=_me(request).pk, actor=the_user(request))
        return Response(ErasureSerializer(row).data, status=201)

    @extend_schema(
        operation_id="take_back_erasure", responses={200: ErasureSerializer}, tags=["identity"]
    )
    def delete(self, request: Request) -> Response:
        """Take the request back."""
        row = take_back_erasure(member_id=_me(request).pk, actor=the_user(request))
        return Response(ErasureSerializer(row).data)


def _me(request: Request) -> Member:
    member = member_of(request.user)
    if member is None:
        raise PermissionDenied
    return member


urlpatterns = [
    path("me/data", MyData.as_view(), name="api_my_data"),
    path("me/erasure", MyErasure.as_view(), name="api_my_erasure"),
]
