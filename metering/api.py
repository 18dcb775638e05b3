"""Usage under /api/v1/: each reading with its conversion and its evidence."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, serializers

from ledger.api import NewestFirst
from members.access import IsMember, the_member
from metering.models import Reading
from metering.queries import readings_of


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    """A reading; `quantity` in raw units of the meter, `amount` in millitokens."""

    node = serializers.UUIDField(source="meter.node.uuid", read_only=True)
    meter = serializers.CharField(source="meter.name", read_only=True)
    unit = serializers.CharField(source="meter.unit", read_only=True)
    pool = serializers.CharField(source="assignment.pool.code", read_only=True)
    resource = serializers.CharField(source="assignment.resource.code", read_only=True)
    quantity = serializers.CharField(read_only=True, help_text="a whole number")
    evidence = serializers.HyperlinkedIdentityField(
        view_name="metering:bundle", lookup_url_kwarg="reading_id"
    )

    class Meta:
        model = Reading
        fields = (
            "id", "node", "meter", "unit", "pool", "resource", "begins_at", "ends_at", "rule",
            "flags", "quantity", "state", "amount", "evidence",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(get=extend_schema(operation_id="usage", tags=["metering"]))
class UsageView(generics.ListAPIView[Reading]):
    """The readings of the member who asks, newest first."""

    permission_classes = (IsMember,)
    serializer_class = ReadingSerializer
    pagination_class = NewestFirst
    queryset = Reading.objects.none()

    def get_queryset(self) -> QuerySet[Reading, Any]:
        """Own readings only."""
        return readings_of(the_member(self.request), None)
