"""API: letting nodes in, by one person or by two."""

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Asset, Pool
from members.access import IsMember, IsSteward, the_user
from members.models import Member
from metering import services
from metering.models import EnrolmentRequest
from metering.services.claims import may_agree
from signing.words import fingerprint_words


class EnrolmentSerializer(serializers.ModelSerializer[EnrolmentRequest]):
    """A node that asks to be let in; `words` are compared with those that it shows."""

    words = serializers.SerializerMethodField()
    waits_for = serializers.CharField(source="state")
    asset = serializers.CharField(source="asset.code", allow_null=True, default=None)
    name = serializers.CharField(source="label")

    class Meta:
        model = EnrolmentRequest
        fields = (
            "user_code", "hostname", "words", "waits_for", "name", "asset", "created_at",
            "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_words(self, row: EnrolmentRequest) -> str:
        """The fingerprint words of its key."""
        return fingerprint_words(bytes(row.public_key))


class LetInSerializer(serializers.Serializer[Any]):
    """As what a node is let in.

    With an asset it stands for it (`replace`: in the place of the one that does), and a shared
    asset needs a second person; a pool is named only without one.
    """

    name = serializers.CharField(max_length=80)
    asset = serializers.SlugRelatedField(
        slug_field="code", queryset=Asset.objects.all(), required=False, allow_null=True
    )
    pool = serializers.SlugRelatedField(
        slug_field="code", queryset=Pool.objects.all(), required=False, allow_null=True
    )
    owner = serializers.SlugRelatedField(
        slug_field="number", queryset=Member.objects.exclude(number=None), required=False,
        allow_null=True,
    )  # fmt: skip
    replace = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """An asset says its pool; only an asset has a place to take."""
        if attrs.get("asset") and attrs.get("pool"):
            raise serializers.ValidationError({"pool": "the asset says its pool"})
        if attrs["replace"] and not attrs.get("asset"):
            raise serializers.ValidationError({"replace": "only with an asset"})
        return attrs


class LetInResultSerializer(serializers.Serializer[Any]):
    """The node's id, or null while a second person has to agree."""

    node = serializers.UUIDField(allow_null=True)


class EnrolmentsView(APIView):
    """Nodes that ask to be let in."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="enrolments", tags=["metering"], responses=EnrolmentSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Those that wait for one person or a second one, oldest first."""
        waiting = Q(state__in=["pending", "claimed"], expires_at__gt=timezone.now())
        rows = EnrolmentRequest.objects.filter(waiting).select_related("asset").order_by("pk")
        return Response(EnrolmentSerializer(rows, many=True).data)


class EnrolmentView(APIView):
    """One request, by its code."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="enrolment_let_in", tags=["metering"], request=LetInSerializer,
        responses=LetInResultSerializer,
    )  # fmt: skip
    def post(self, request: Request, code: str) -> Response:
        """Let the node in, or claim it where a second person has to agree."""
        asked = LetInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        node = let_in(request, code, dict(asked.validated_data))
        return Response({"node": None if node is None else str(node.uuid)})

    @extend_schema(operation_id="enrolment_deny", tags=["metering"], responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Turn the node away."""
        services.deny_enrolment(actor=the_user(request), user_code=code)
        return Response(status=status.HTTP_204_NO_CONTENT)


def let_in(request: Request, code: str, told: dict[str, Any]) -> Any:
    """The node, or None where a second person has to agree."""
    actor, asset = the_user(request), told.pop("asset", None)
    told["label"], replace = told.pop("name"), told.pop("replace")
    if asset is None:
        return services.approve_enrolment(actor=actor, user_code=code, **told)
    told.pop("pool", None)
    return services.claim_enrolment(
        actor=actor, user_code=code, asset=asset, replace=replace, **told
    )


class EnrolmentAgreeView(APIView):
    """Where the second co-owner of a shared asset agrees."""

    permission_classes = (IsMember | IsSteward,)

    @extend_schema(
        operation_id="enrolment_claimed", tags=["metering"], responses=EnrolmentSerializer
    )
    def get(self, request: Request, code: str) -> Response:
        """What was claimed, for who may agree to it."""
        return Response(EnrolmentSerializer(claimed_for(request, code)).data)

    @extend_schema(
        operation_id="enrolment_agree", tags=["metering"], request=None,
        responses=LetInResultSerializer,
    )  # fmt: skip
    def post(self, request: Request, code: str) -> Response:
        """Agree; the node is in."""
        node = services.agree_enrolment(actor=the_user(request), user_code=code)
        return Response({"node": str(node.uuid)})


def claimed_for(request: Request, code: str) -> EnrolmentRequest:
    """A claimed request that this user may agree to; for others it does not exist."""
    rows = EnrolmentRequest.objects.filter(state="claimed", expires_at__gt=timezone.now())
    found = rows.select_related("asset__pool").filter(user_code=code).first()
    if found is None or not may_agree(the_user(request), found):
        raise Http404
    return found
