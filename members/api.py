"""The register under /api/v1/: who am I?"""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, the_member
from members.models import Member


class MeSerializer(serializers.ModelSerializer[Member]):
    """A member as they see themselves."""

    class Meta:
        model = Member
        fields = ("number", "name", "kind", "state", "consents_to_conversion", "admitted_at")
        read_only_fields = fields


class MeView(APIView):
    """The member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="me", responses=MeSerializer, tags=["members"])
    def get(self, request: Request) -> Response:
        """Who am I on the register?"""
        return Response(MeSerializer(the_member(request)).data)


urlpatterns = [path("me", MeView.as_view(), name="api_me")]
