"""Ownership under /api/v1/: titles (public by number), buying in."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Pool
from ledger.errors import DomainError
from members.access import IsMember, the_member
from payments.api import ChargeSerializer
from signing import keys, strict_json
from titles.errors import UnknownTitle
from titles.models import Subscription, Title
from titles.papers.chain import chain_of
from titles.papers.views import credential_answer
from titles.queries import facts_of, title_by_number, titles_of
from titles.services import subscribe
from titles.verify import is_genuine

KEY_LENGTH = 50
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The same key gives the first result; with other content it is refused.",
)


class MissingKey(DomainError):
    """A write without a key could happen twice."""

    code = "idempotency_key"
    status = 400
    text = _("Send an Idempotency-Key header of 1 to 50 characters.")


class TitleSerializer(serializers.ModelSerializer[Title]):
    """A title as its holder sees it."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)

    class Meta:
        model = Title
        fields = ("number", "pool", "units", "origin", "state", "issued_at")
        read_only_fields = fields


class PublicTitleSerializer(serializers.Serializer[Title]):
    """What anyone may know of a title; `document` is the signed DSSE envelope."""

    number = serializers.IntegerField(read_only=True)
    state = serializers.ChoiceField(choices=Title.State.choices, read_only=True)
    is_genuine = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField()
    follows = serializers.SerializerMethodField()
    went_on_in = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    public_key = serializers.SerializerMethodField()

    def get_follows(self, title: Title) -> list[int]:
        return [number for number, _units in chain_of(title).earlier]

    def get_went_on_in(self, title: Title) -> list[int]:
        return [number for number, _units in chain_of(title).later]

    def get_is_genuine(self, title: Title) -> bool:
        return is_genuine(bytes(title.envelope), keys.public_key())

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_facts(self, title: Title) -> dict[str, Any]:
        return facts_of(title)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_document(self, title: Title) -> dict[str, Any]:
        envelope: dict[str, Any] = strict_json.loads(bytes(title.envelope))
        return envelope

    def get_public_key(self, title: Title) -> str:
        return keys.public_key().hex()


class WishSerializer(serializers.Serializer[Subscription]):
    """What to buy."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", queryset=Pool.objects.all())
    count = serializers.IntegerField(min_value=1, max_value=10**12)


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """A purchase and the charge that pays for it; price in cents per unit."""

    pool = serializers.SlugRelatedField[Pool](slug_field="code", read_only=True)
    charge = ChargeSerializer(read_only=True)

    class Meta:
        model = Subscription
        fields = ("id", "pool", "count", "price", "state", "issued", "created_at", "charge")
        read_only_fields = fields


class ByNumber(CursorPagination):
    """Pages of fifty, oldest title first."""

    page_size = 50
    ordering = "number"


@extend_schema_view(get=extend_schema(operation_id="titles", tags=["titles"]))
class TitlesView(generics.ListAPIView[Title]):
    """The titles of the member who asks."""

    permission_classes = (IsMember,)
    serializer_class = TitleSerializer
    pagination_class = ByNumber
    queryset = Title.objects.none()

    def get_queryset(self) -> QuerySet[Title, Any]:
        """Own titles only."""
        return titles_of(the_member(self.request))


class TitleView(APIView):
    """One title, open to everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="title", responses=PublicTitleSerializer, tags=["titles"])
    def get(self, request: Request, number: int) -> Response:
        """Is this title valid, and what was signed?"""
        title = title_by_number(number)
        if title is None:
            raise UnknownTitle(number=number)
        return Response(PublicTitleSerializer(title).data)


class CredentialView(APIView):
    """One title as a verifiable credential, open to everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="title_credential",
        responses={(200, "application/vc"): OpenApiTypes.OBJECT},
        tags=["titles"],
    )
    def get(self, request: Request, number: int) -> HttpResponse:
        """W3C VC Data Model 2.0 with an eddsa-jcs-2022 proof; its issuer's key stands there too."""
        return credential_answer(request, number)


class SubscriptionsView(APIView):
    """Buying in."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="subscribe",
        request=WishSerializer,
        responses={status.HTTP_201_CREATED: SubscriptionSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Reserve units; the charge in the answer says how to pay."""
        wish, member = WishSerializer(data=request.data), the_member(request)
        key = idempotency_key(request)
        if not wish.is_valid():
            raise ValidationError(wish.errors)
        subscription = subscribe(
            member=member, actor=member.user, key=f"api:{member.pk}:{key}", **wish.validated_data
        )
        return Response(SubscriptionSerializer(subscription).data, status.HTTP_201_CREATED)


def idempotency_key(request: Request) -> str:
    """The header of that name; raises MissingKey."""
    key: str = request.headers.get("Idempotency-Key", "").strip()
    if not 1 <= len(key) <= KEY_LENGTH:
        raise MissingKey
    return key


urlpatterns = [
    path("titles", TitlesView.as_view(), name="api_titles"),
    path("titles/<int:number>", TitleView.as_view(), name="api_title"),
    path("titles/<int:number>/credential", CredentialView.as_view(), name="api_credential"),
    path("subscriptions", SubscriptionsView.as_view(), name="api_subscriptions"),
]
