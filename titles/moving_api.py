"""API: passing units on, dividing titles, the waiting list, estates, the register of any moment."""

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.access import IsMember, the_member, the_user
from members.queries import is_auditor, is_steward
from titles import services
from titles.api import IDEMPOTENCY, SubscriptionSerializer, TitleSerializer, idempotency_key
from titles.models import Subscription, Transfer, WaitingPlace
from titles.moving_forms import RegisterForm
from titles.moving_shapes import (
    CodeSerializer,
    EstateSerializer,
    InheritanceSerializer,
    OfferedSerializer,
    OfferSerializer,
    PartsSerializer,
    PlaceSerializer,
    RegisterSerializer,
    TransferSerializer,
    TransfersSerializer,
    WaitingWishSerializer,
    checked,
)
from titles.queries import subscriptions_of, titles_of
from titles.register import holders_as_of, totals_as_of
from titles.registers import asked_moment
from titles.transfers import offers_from, offers_to, past_transfers_of, standing_places, transfer_of


class TransfersView(APIView):
    """Offers of units."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="transfers", responses=TransfersSerializer, tags=["titles"])
    def get(self, request: Request) -> Response:
        """What is offered to me, by me, and what became of earlier offers."""
        member = the_member(request)
        past = past_transfers_of(member)[:50]
        shown = {"incoming": offers_to(member), "outgoing": offers_from(member), "past": past}
        return Response(TransfersSerializer(shown).data)

    @extend_schema(
        operation_id="offer_transfer",
        request=OfferSerializer,
        responses={status.HTTP_201_CREATED: OfferedSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Offer units to a member, or to whoever gets the code."""
        member, key = the_member(request), idempotency_key(request)
        asked = checked(OfferSerializer(data=request.data))
        offered = services.offer_units(
            giver=member, actor=the_user(request), key=f"api:{member.pk}:{key}", **asked
        )
        shown = OfferedSerializer(offered.transfer, context={"code": offered.code})
        return Response(shown.data, status.HTTP_201_CREATED)


class TransferView(APIView):
    """One offer, for its two sides."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="transfer", responses=TransferSerializer, tags=["titles"])
    def get(self, request: Request, transfer_id: int) -> Response:
        """How it stands."""
        return Response(TransferSerializer(own_transfer(request, transfer_id)).data)


class AnswerView(APIView):
    """An answer to an offer."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="answer_transfer",
        request=None,
        responses=TransferSerializer,
        parameters=[
            OpenApiParameter(
                "answer", str, OpenApiParameter.PATH, enum=["accept", "decline", "withdraw"]
            )
        ],
        tags=["titles"],
    )
    def post(self, request: Request, transfer_id: int, answer: str) -> Response:
        """Accept, decline, or withdraw; a second time changes nothing."""
        found, member = own_transfer(request, transfer_id), the_member(request)
        user = the_user(request)
        if answer == "withdraw":
            if found.giver_id != member.pk:
                raise NotFound
            services.withdraw_transfer(transfer_id=found.pk, giver=member, actor=user)
        elif answer == "accept":
            services.accept_transfer(transfer_id=found.pk, receiver=member, actor=user)
        elif answer == "decline":
            services.decline_transfer(transfer_id=found.pk, receiver=member, actor=user)
        else:
            raise NotFound
        return Response(TransferSerializer(own_transfer(request, transfer_id)).data)


class ClaimView(APIView):
    """An offer behind a code."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="claim_transfer",
        request=CodeSerializer,
        responses=TransferSerializer,
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Be the one to whom the offer behind a code is addressed."""
        code = checked(CodeSerializer(data=request.data))["code"]
        found = services.claim_offer(
            code=code, receiver=the_member(request), actor=the_user(request)
        )
        return Response(TransferSerializer(found).data)


class SplitView(APIView):
    """Dividing a title."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="split_title",
        request=PartsSerializer,
        responses={status.HTTP_201_CREATED: TitleSerializer(many=True)},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request, number: int) -> Response:
        """Titles over the parts in place of one."""
        member, key = the_member(request), idempotency_key(request)
        title = titles_of(member).filter(number=number).first()
        if title is None:
            raise NotFound
        parts = checked(PartsSerializer(data=request.data))["parts"]
        made = services.split_title(
            holder=member,
            title=title,
            parts=parts,
            actor=the_user(request),
            key=f"api:{member.pk}:{key}",
        )
        return Response(TitleSerializer(made, many=True).data, status.HTTP_201_CREATED)


class WaitingView(APIView):
    """The waiting lists."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="waiting", responses=PlaceSerializer(many=True), tags=["titles"])
    def get(self, request: Request) -> Response:
        """My places."""
        places = standing_places(the_member(request)).order_by("pk")
        return Response(PlaceSerializer(places, many=True).data)

    @extend_schema(
        operation_id="join_waiting_list",
        request=WaitingWishSerializer,
        responses={status.HTTP_201_CREATED: PlaceSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Wait until units of a pool are free."""
        member, key = the_member(request), idempotency_key(request)
        place = services.join_waiting_list(
            member=member,
            actor=the_user(request),
            key=f"api:{member.pk}:{key}",
            **checked(WaitingWishSerializer(data=request.data)),
        )
        return Response(PlaceSerializer(place).data, status.HTTP_201_CREATED)


class PlaceView(APIView):
    """One place in a waiting list."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="take_offered_units",
        request=None,
        responses={status.HTTP_201_CREATED: SubscriptionSerializer},
        tags=["titles"],
    )
    def post(self, request: Request, place_id: int) -> Response:
        """Take what the list offers: a reservation with its charge."""
        place = own_place(request, place_id)
        bought = services.take_offer(place_id=place.pk, actor=the_user(request))
        return Response(SubscriptionSerializer(bought).data, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="leave_waiting_list", request=None, responses=PlaceSerializer, tags=["titles"]
    )
    def delete(self, request: Request, place_id: int) -> Response:
        """Give the place up."""
        place = own_place(request, place_id)
        left = services.leave_waiting_list(place_id=place.pk, actor=the_user(request))
        return Response(PlaceSerializer(left).data)


class SubscriptionView(APIView):
    """One purchase."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="subscription", responses=SubscriptionSerializer, tags=["titles"])
    def get(self, request: Request, subscription_id: int) -> Response:
        """How it stands."""
        return Response(SubscriptionSerializer(own_purchase(request, subscription_id)).data)

    @extend_schema(
        operation_id="cancel_subscription",
        request=None,
        responses=SubscriptionSerializer,
        tags=["titles"],
    )
    def delete(self, request: Request, subscription_id: int) -> Response:
        """Let go of a reservation that was not paid."""
        found = own_purchase(request, subscription_id)
        services.cancel_subscription(subscription_id=found.pk, actor=the_user(request))
        return Response(SubscriptionSerializer(own_purchase(request, subscription_id)).data)


class EstatesView(APIView):
    """Estates."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="pass_on_estate",
        request=EstateSerializer,
        responses={status.HTTP_201_CREATED: InheritanceSerializer},
        parameters=[IDEMPOTENCY],
        tags=["titles"],
    )
    def post(self, request: Request) -> Response:
        """Pass an estate on to its heirs; for stewards."""
        if not is_steward(request.user):
            raise PermissionDenied
        key, asked = idempotency_key(request), checked(EstateSerializer(data=request.data))
        done = services.pass_on_estate(
            deceased=asked["deceased"],
            heirs={row["number"]: row["weight"] for row in asked["heirs"]},
            evidence=asked["evidence"],
            actor=the_user(request),
            key=f"api:estate:{key}",
        )
        return Response(InheritanceSerializer(done).data, status.HTTP_201_CREATED)


class RegisterView(APIView):
    """The register of titles."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="title_register",
        responses=RegisterSerializer,
        parameters=[
            OpenApiParameter("day", OpenApiTypes.DATE, description="as of the end of this day"),
            OpenApiParameter("known", OpenApiTypes.DATETIME, description="as known then"),
            OpenApiParameter("pool", str, description="code"),
        ],
        tags=["titles"],
    )
    def get(self, request: Request) -> Response:
        """Who held what at the end of a day, as known at a moment; sums alone for the public."""
        form = RegisterForm(request.query_params)
        if not form.is_valid():
            raise ValidationError({n: [str(e) for e in found] for n, found in form.errors.items()})
        moment, pool = asked_moment(form), form.cleaned_data.get("pool")
        holders = holders_as_of(moment, pool) if is_auditor(request.user) else []
        shown = {
            "at": moment.at,
            "known": moment.known,
            "totals": totals_as_of(moment),
            "holders": holders,
        }
        return Response(RegisterSerializer(shown).data)


def own_transfer(request: Request, transfer_id: int) -> Transfer:
    """An offer of the member who asks; raises NotFound."""
    found = transfer_of(the_member(request), transfer_id)
    if found is None:
        raise NotFound
    return found


def own_purchase(request: Request, subscription_id: int) -> Subscription:
    """A purchase of the member who asks; raises NotFound."""
    found = subscriptions_of(the_member(request)).filter(pk=subscription_id).first()
    if found is None:
        raise NotFound
    return found


def own_place(request: Request, place_id: int) -> WaitingPlace:
    """A place of the member who asks; raises NotFound."""
    found = WaitingPlace.objects.filter(pk=place_id, member=the_member(request)).first()
    if found is None:
        raise NotFound
    return found


urlpatterns = [
    path("titles/register", RegisterView.as_view(), name="api_title_register"),
    path("titles/<int:number>/split", SplitView.as_view(), name="api_split_title"),
    path("transfers", TransfersView.as_view(), name="api_transfers"),
    path("transfers/claim", ClaimView.as_view(), name="api_transfer_claim"),
    path("transfers/<int:transfer_id>", TransferView.as_view(), name="api_transfer"),
    path("transfers/<int:transfer_id>/<slug:answer>", AnswerView.as_view(), name="api_answer"),
    path("waiting", WaitingView.as_view(), name="api_waiting"),
    path("waiting/<int:place_id>", PlaceView.as_view(), name="api_place"),
    path(
        "subscriptions/<int:subscription_id>", SubscriptionView.as_view(), name="api_subscription"
    ),
    path("estates", EstatesView.as_view(), name="api_estates"),
]
