"""Gifts, loans and the movements of one's tokens under /api/v1/."""

from collections.abc import Callable
from itertools import islice
from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Pool, Resource
from members.access import IsMember, ReadsRegister, the_member
from members.models import Member
from members.queries import active_members
from titles.api import IDEMPOTENCY, idempotency_key
from titles.moving_shapes import checked
from tokens import handed, services
from tokens.access import asked_period, gift_from, gift_to, loan_of
from tokens.given_shapes import (
    GiftSerializer,
    GiftWishSerializer,
    HandedSerializer,
    LoanSerializer,
    LoanWishSerializer,
    TokenMovementSerializer,
)
from tokens.models import Gift, Loan

PERIOD = OpenApiParameter("period", str, description="a period's code; the running one if empty")
BEFORE = OpenApiParameter("offset", int, description="how many of the newest to leave out")
AT_ONCE = 200


def offset_of(request: Request) -> int:
    """How many to leave out; raises ValidationError for what is no number."""
    text = str(request.query_params.get("offset", "") or "0")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise ValidationError({"offset": ["a whole number"]})
    return int(text)


def named(asked: dict[str, Any]) -> dict[str, Any]:
    """Pool and resource by their codes; raises NotFound."""
    pool = Pool.objects.filter(code=asked["pool"]).first()
    resource = Resource.objects.filter(code=asked["resource"]).first()
    if pool is None or resource is None:
        raise NotFound
    return {"pool": pool, "resource": resource, "amount": asked["amount"]}


def numbered(number: int) -> Member:
    """The active member with a number; raises NotFound."""
    found = active_members().filter(number=number).first()
    if found is None:
        raise NotFound
    return found


class GiftsView(APIView):
    """Gifts of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="gifts", parameters=[PERIOD], responses=GiftSerializer(many=True),
        tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What I gave and got in a period, newest first."""
        period = asked_period(request.query_params)
        found = (
            Gift.objects.none() if period is None else handed.gifts_in(the_member(request), period)
        )
        return Response(GiftSerializer(found, many=True).data)

    @extend_schema(
        operation_id="give_tokens", request=GiftWishSerializer, parameters=[IDEMPOTENCY],
        responses={status.HTTP_201_CREATED: GiftSerializer}, tags=["tokens"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Offer own unused tokens to a member; they move when the gift is accepted."""
        member, key = the_member(request), idempotency_key(request)
        asked = checked(GiftWishSerializer(data=request.data))
        made = services.give(
            giver=member,
            receiver=numbered(asked["receiver"]),
            actor=member.user,
            key=f"api:{member.pk}:{key}",
            **named(asked),
        )
        return Response(GiftSerializer(made).data, status.HTTP_201_CREATED)


class LoansView(APIView):
    """Loans of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="loans", parameters=[PERIOD], responses=LoanSerializer(many=True),
        tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What I lent and borrowed in a period, newest first."""
        period = asked_period(request.query_params)
        found = (
            Loan.objects.none() if period is None else handed.loans_of(the_member(request), period)
        )
        return Response(LoanSerializer(found, many=True).data)

    @extend_schema(
        operation_id="lend_tokens", request=LoanWishSerializer, parameters=[IDEMPOTENCY],
        responses={status.HTTP_201_CREATED: LoanSerializer}, tags=["tokens"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Offer own unused tokens as a loan; they move when it is accepted."""
        member, key = the_member(request), idempotency_key(request)
        asked = checked(LoanWishSerializer(data=request.data))
        made = services.lend(
            lender=member,
            borrower=numbered(asked["borrower"]),
            due_at=asked["due_at"],
            actor=member.user,
            key=f"api:{member.pk}:{key}",
            **named(asked),
        )
        return Response(LoanSerializer(made).data, status.HTTP_201_CREATED)


class GiftAct(APIView):
    """One answer to one gift."""

    permission_classes = (IsMember,)
    act: Callable[..., Gift]
    is_giver = False

    def post(self, request: Request, gift_id: int) -> Response:
        """Do it; a repeat changes nothing more."""
        member = the_member(request)
        gift = (gift_from if self.is_giver else gift_to)(member, gift_id)
        done = type(self).act(gift_id=gift.pk, actor=member.user)
        return Response(GiftSerializer(done).data)


class LoanAct(APIView):
    """One answer to one loan."""

    permission_classes = (IsMember,)
    act: Callable[..., Loan]
    is_lender = False

    def post(self, request: Request, loan_id: int) -> Response:
        """Do it; a repeat changes nothing more."""
        member = the_member(request)
        loan = loan_of(member, loan_id, borrowed=not self.is_lender)
        done = type(self).act(loan_id=loan.pk, actor=member.user)
        return Response(LoanSerializer(done).data)


def gift_act(name: str, act: Callable[..., Gift], *, is_giver: bool = False) -> Any:
    """The view of one answer to a gift, under a name of its own."""
    post = extend_schema(
        operation_id=f"{name}_gift", request=None, responses=GiftSerializer, tags=["tokens"]
    )
    own = {"act": staticmethod(act), "is_giver": is_giver}
    kind: type[APIView] = type(f"{name.title()}Gift", (GiftAct,), own)
    return extend_schema_view(post=post)(kind).as_view()


def loan_act(name: str, act: Callable[..., Loan], *, is_lender: bool = False) -> Any:
    """The view of one answer to a loan, under a name of its own."""
    post = extend_schema(
        operation_id=f"{name}_loan", request=None, responses=LoanSerializer, tags=["tokens"]
    )
    own = {"act": staticmethod(act), "is_lender": is_lender}
    kind: type[APIView] = type(f"{name.title()}Loan", (LoanAct,), own)
    return extend_schema_view(post=post)(kind).as_view()


class MovementsView(APIView):
    """The movements of the tokens of the member who asks."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="token_movements", parameters=[PERIOD, BEFORE],
        responses=TokenMovementSerializer(many=True), tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Every entry on my token accounts of a period, newest first, 200 at a time."""
        period, member = asked_period(request.query_params), the_member(request)
        if period is None:
            return Response([])
        first = offset_of(request)
        entries = handed.entries_of(member, period)[first : first + AT_ONCE]
        found = islice(handed.movements(member, period, entries), AT_ONCE)
        return Response(TokenMovementSerializer(found, many=True).data)


class HandedView(APIView):
    """Who gave and lent what to whom."""

    permission_classes: tuple[type[BasePermission], ...] = (ReadsRegister,)

    @extend_schema(
        operation_id="report_of_gifts", parameters=[PERIOD],
        responses=HandedSerializer(many=True), tags=["tokens"],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Of a period, for auditors and stewards."""
        period = asked_period(request.query_params)
        found = [] if period is None else handed.handed_on(period.code)
        return Response(HandedSerializer(found, many=True).data)


urlpatterns = [
    path("gifts", GiftsView.as_view(), name="api_gifts"),
    path("gifts/report", HandedView.as_view(), name="api_gift_report"),
    path("gifts/<int:gift_id>/accept", gift_act("accept", services.accept_gift)),
    path("gifts/<int:gift_id>/decline", gift_act("decline", services.decline_gift)),
    path(
        "gifts/<int:gift_id>/withdraw",
        gift_act("withdraw", services.withdraw_gift, is_giver=True),
    ),
    path("loans", LoansView.as_view(), name="api_loans"),
    path("loans/<int:loan_id>/accept", loan_act("accept", services.accept_loan)),
    path("loans/<int:loan_id>/decline", loan_act("decline", services.decline_loan)),
    path("loans/<int:loan_id>/return", loan_act("return", services.return_loan)),
    path(
        "loans/<int:loan_id>/withdraw",
        loan_act("withdraw", services.withdraw_loan, is_lender=True),
    ),
    path("tokens/movements", MovementsView.as_view(), name="api_movements"),
]
