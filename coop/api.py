"""What only the whole site can tell, under /api/v1/: a member's ownership path in numbers."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.path_page import path_page
from members.access import IsMember, the_member


class NeedSerializer(serializers.Serializer[Any]):
    """One yield per period, in millitokens; rates in micro-cents per token."""

    resource = serializers.CharField(source="resource.code", read_only=True)
    own = serializers.IntegerField(read_only=True)
    need = serializers.IntegerField(read_only=True)
    gap = serializers.IntegerField(read_only=True)
    own_cost = serializers.IntegerField(source="rates.own_cost", read_only=True)
    price = serializers.IntegerField(source="rates.price", read_only=True)


class StakeStepSerializer(serializers.Serializer[Any]):
    """More shares: cents once, cents a period before and after, periods to break even or null."""

    units = serializers.IntegerField(read_only=True)
    cost = serializers.IntegerField(read_only=True)
    before = serializers.IntegerField(read_only=True)
    after = serializers.IntegerField(read_only=True)
    periods = serializers.IntegerField(read_only=True, allow_null=True)


class PoolPathSerializer(serializers.Serializer[Any]):
    """One pool: shares held, needed and missing, and what the missing ones would bring."""

    pool = serializers.CharField(source="pool.code", read_only=True)
    units = serializers.IntegerField(source="standing.units", read_only=True)
    needed = serializers.IntegerField(source="standing.needed", read_only=True)
    missing = serializers.IntegerField(source="standing.missing", read_only=True)
    room = serializers.IntegerField(source="standing.room", read_only=True)
    rest = StakeStepSerializer(source="standing.rest", read_only=True)
    from_nothing = StakeStepSerializer(source="standing.from_nothing", read_only=True)
    yields = NeedSerializer(source="lines", many=True, read_only=True)


class PointSerializer(serializers.Serializer[Any]):
    """A month: what is owned of what is used, both valued at the price."""

    month = serializers.CharField(source="label", read_only=True)
    owned = serializers.IntegerField(read_only=True)
    used = serializers.IntegerField(read_only=True)


class PathSerializer(serializers.Serializer[Any]):
    """The path so far, and ahead at today's use and price; `arrives` where it ends at all of it."""

    pools = PoolPathSerializer(many=True, read_only=True)
    past = PointSerializer(many=True, read_only=True)
    coming = PointSerializer(many=True, read_only=True)
    arrives = serializers.BooleanField(read_only=True)


class PathView(APIView):
    """The ownership path of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="ownership_path", responses=PathSerializer, tags=["members"])
    def get(self, request: Request) -> Response:
        """What do I own of what I use, and when all of it?"""
        found = path_page(the_member(request))
        path_ahead = found["path"]
        facts = {
            "pools": found["pools"],
            "past": path_ahead.past if path_ahead else [],
            "coming": path_ahead.coming if path_ahead else [],
            "arrives": bool(path_ahead and path_ahead.arrives),
        }
        return Response(PathSerializer(facts).data)


urlpatterns = [path("me/path", PathView.as_view(), name="api_path")]
