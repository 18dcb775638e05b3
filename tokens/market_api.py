"""The market under /api/v1/: prices, auctions, asks, bids and offers."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Pool, Resource
from members.access import IsMember, IsSteward, the_member, the_user
from members.queries import member_of
from titles.api import IDEMPOTENCY, idempotency_key
from titles.moving_shapes import checked
from tokens import market_queries as queries
from tokens import services
from tokens.market_shapes import (
    AskWishSerializer,
    AuctionAskSerializer,
    AuctionBidSerializer,
    AuctionCallSerializer,
    AuctionResultSerializer,
    AuctionSerializer,
    BidPreviewSerializer,
    BidWishSerializer,
    EarlySerializer,
    OfferWishSerializer,
    PoolAskSerializer,
    PricePointSerializer,
    SurplusOfferSerializer,
)
from tokens.models import Auction, Offer
from tokens.services.market import need_price, need_size

POOL = OpenApiParameter("pool", str, description="a pool's code", required=True)
RESOURCE = OpenApiParameter("resource", str, description="a resource's code", required=True)


def pool_and_resource(codes: Any) -> tuple[Pool, Resource]:
    """The two that these codes name; raises NotFound."""
    pool = Pool.objects.filter(code=codes.get("pool", "")).first()
    resource = Resource.objects.filter(code=codes.get("resource", "")).first()
    if pool is None or resource is None:
        raise NotFound
    return pool, resource


def the_auction(auction_id: int) -> Auction:
    """The auction with this number; raises NotFound."""
    found = queries.auctions().filter(pk=auction_id).first()
    if found is None:
        raise NotFound
    return found


class PricesView(APIView):
    """Posted prices, for everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="prices",
        parameters=[POOL, RESOURCE],
        responses=PricePointSerializer(many=True),
        tags=["market"],
    )
    def get(self, request: Request) -> Response:
        """The latest periods, oldest first: price, the rule that made it, cost, auctions."""
        pool, resource = pool_and_resource(request.query_params)
        return Response(PricePointSerializer(queries.price_history(pool, resource), many=True).data)


class AuctionsView(APIView):
    """The auctions."""

    @extend_schema(operation_id="auctions", responses=AuctionSerializer(many=True), tags=["market"])
    def get(self, request: Request) -> Response:
        """Those that collect, then the latest that are over."""
        found = [*queries.open_auctions(), *queries.past_auctions()[: queries.SHOWN]]
        return Response(AuctionSerializer(found, many=True).data)

    @extend_schema(
        operation_id="call_auction",
        request=AuctionCallSerializer,
        responses={status.HTTP_201_CREATED: AuctionSerializer},
        parameters=[IDEMPOTENCY],
        tags=["market"],
    )
    def post(self, request: Request) -> Response:
        """Call an auction; stewards only."""
        key, asked = idempotency_key(request), checked(AuctionCallSerializer(data=request.data))
        pool, resource = pool_and_resource(asked)
        made = services.call_auction(
            pool=pool,
            resource=resource,
            key=f"api:{key}",
            pool_tokens=asked["pool_tokens"],
            closes_at=asked["closes_at"],
            before=asked["before"],
            actor=the_user(request),
        )
        return Response(AuctionSerializer(made).data, status.HTTP_201_CREATED)

    def get_permissions(self) -> list[Any]:
        """Everybody reads, stewards call."""
        return [IsSteward() if self.request.method == "POST" else AllowAny()]


class AuctionView(APIView):
    """One auction."""

    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auction", responses=AuctionResultSerializer, tags=["market"])
    def get(self, request: Request, auction_id: int) -> Response:
        """What it came to, price by price, without names; mine is told apart."""
        found, member = the_auction(auction_id), member_of(request.user)
        over = found.state == Auction.State.CLEARED
        shown = {
            "auction": found,
            "asked": queries.asked_in(found),
            "levels": queries.levels_of(found, member) if over else [],
        }
        return Response(AuctionResultSerializer(shown).data)


class PoolAskView(APIView):
    """What the pool itself asks."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="ask_for_pool",
        request=PoolAskSerializer,
        responses=AuctionSerializer,
        tags=["market"],
    )
    def post(self, request: Request, auction_id: int) -> Response:
        """Ask so many of the pool's own millitokens, in place of what it asked before."""
        asked = checked(PoolAskSerializer(data=request.data))
        found = services.ask_for_pool(
            auction_id=the_auction(auction_id).pk,
            amount=asked["pool_tokens"],
            actor=the_user(request),
        )
        return Response(AuctionSerializer(found).data)


class ClearView(APIView):
    """Clearing."""

    permission_classes = (IsSteward,)

    @extend_schema(
        operation_id="clear_auction",
        request=EarlySerializer,
        responses=AuctionSerializer,
        tags=["market"],
    )
    def post(self, request: Request, auction_id: int) -> Response:
        """Clear an auction; before its moment only for a reason that everybody reads."""
        asked = checked(EarlySerializer(data=request.data))
        services.clear_auction(
            auction_id=the_auction(auction_id).pk,
            reason=asked["reason"],
            actor=the_user(request),
        )
        return Response(AuctionSerializer(the_auction(auction_id)).data)


class AsksView(APIView):
    """My asks in one auction."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="asks", responses=AuctionAskSerializer(many=True), tags=["market"])
    def get(self, request: Request, auction_id: int) -> Response:
        """What I ask, withdrawn ones left out."""
        mine = queries.asks_of(the_member(request)).filter(auction=the_auction(auction_id))
        return Response(AuctionAskSerializer(mine, many=True).data)

    @extend_schema(
        operation_id="place_ask",
        request=AskWishSerializer,
        responses={status.HTTP_201_CREATED: AuctionAskSerializer},
        parameters=[IDEMPOTENCY],
        tags=["market"],
    )
    def post(self, request: Request, auction_id: int) -> Response:
        """Put own unused millitokens in."""
        member, key = the_member(request), idempotency_key(request)
        placed = services.place_ask(
            auction_id=the_auction(auction_id).pk,
            member=member,
            actor=the_user(request),
            key=f"api:{member.pk}:{key}",
            **checked(AskWishSerializer(data=request.data)),
        )
        return Response(AuctionAskSerializer(placed).data, status.HTTP_201_CREATED)


class BidsView(APIView):
    """My bids in one auction."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="bids", responses=AuctionBidSerializer(many=True), tags=["market"])
    def get(self, request: Request, auction_id: int) -> Response:
        """What I bid, withdrawn ones left out."""
        mine = queries.bids_of(the_member(request)).filter(auction=the_auction(auction_id))
        return Response(AuctionBidSerializer(mine, many=True).data)

    @extend_schema(
        operation_id="place_bid",
        request=BidWishSerializer,
        responses={status.HTTP_201_CREATED: AuctionBidSerializer},
        parameters=[IDEMPOTENCY],
        tags=["market"],
    )
    def post(self, request: Request, auction_id: int) -> Response:
        """Bid for tokens; a bid below the posted price is refused where that is known."""
        member, key = the_member(request), idempotency_key(request)
        found, asked = the_auction(auction_id), checked(BidWishSerializer(data=request.data))
        need_price(found, asked["price"])
        placed = services.place_bid(
            auction_id=found.pk,
            member=member,
            actor=the_user(request),
            key=f"api:{member.pk}:{key}",
            **asked,
        )
        return Response(AuctionBidSerializer(placed).data, status.HTTP_201_CREATED)


class PreviewView(APIView):
    """What a bid would come to."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="preview_bid",
        request=BidWishSerializer,
        responses=BidPreviewSerializer,
        tags=["market"],
    )
    def post(self, request: Request, auction_id: int) -> Response:
        """Cost, equity and shares of a bid that is served whole; nothing is placed."""
        asked, found = checked(BidWishSerializer(data=request.data)), the_auction(auction_id)
        need_size(found, asked["price"], asked["amount"])
        shown = queries.bid_preview(found, the_member(request), asked["price"], asked["amount"])
        return Response(BidPreviewSerializer(shown).data)


class WithdrawAskView(APIView):
    """Taking an ask back."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="withdraw_ask", responses={204: None}, tags=["market"])
    def delete(self, request: Request, ask_id: int) -> Response:
        """Withdraw it while the auction collects; a second time changes nothing."""
        found = the_member(request).asks.filter(pk=ask_id).first()
        if found is None:
            raise NotFound
        services.withdraw_ask(ask_id=found.pk, actor=the_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class WithdrawBidView(APIView):
    """Taking a bid back."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="withdraw_bid", responses={204: None}, tags=["market"])
    def delete(self, request: Request, bid_id: int) -> Response:
        """Withdraw it while the auction collects; a second time changes nothing."""
        found = the_member(request).bids.filter(pk=bid_id).first()
        if found is None:
            raise NotFound
        services.withdraw_bid(bid_id=found.pk, actor=the_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OffersView(APIView):
    """My offers for the close."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="surplus_offers", responses=SurplusOfferSerializer(many=True), tags=["market"]
    )
    def get(self, request: Request) -> Response:
        """Those that hold now or in every period."""
        mine = queries.standing_offers_of(the_member(request))
        return Response(SurplusOfferSerializer(mine, many=True).data)

    @extend_schema(
        operation_id="offer_surplus",
        request=OfferWishSerializer,
        responses={status.HTTP_201_CREATED: SurplusOfferSerializer},
        parameters=[IDEMPOTENCY],
        tags=["market"],
    )
    def post(self, request: Request) -> Response:
        """Offer up to so many millitokens, or all that is left; once, or until withdrawn."""
        member, key = the_member(request), idempotency_key(request)
        asked = checked(OfferWishSerializer(data=request.data))
        pool, resource = pool_and_resource(asked)
        made = services.offer_surplus(
            member=member,
            pool=pool,
            resource=resource,
            amount=asked["amount"],
            standing=asked["standing"],
            actor=the_user(request),
            key=f"api:{member.pk}:{key}",
        )
        return Response(SurplusOfferSerializer(made).data, status.HTTP_201_CREATED)


class WithdrawOfferView(APIView):
    """Taking an offer back."""

    permission_classes = (IsMember,)

    @extend_schema(operation_id="withdraw_surplus_offer", responses={204: None}, tags=["market"])
    def delete(self, request: Request, offer_id: int) -> Response:
        """Withdraw it before the close; a second time changes nothing."""
        found = Offer.objects.filter(pk=offer_id, member=the_member(request)).first()
        if found is None:
            raise NotFound
        services.withdraw_offer(offer_id=found.pk, actor=the_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("prices", PricesView.as_view(), name="api_prices"),
    path("auctions", AuctionsView.as_view(), name="api_auctions"),
    path("auctions/<int:auction_id>", AuctionView.as_view(), name="api_auction"),
    path("auctions/<int:auction_id>/pool", PoolAskView.as_view(), name="api_pool_ask"),
    path("auctions/<int:auction_id>/clear", ClearView.as_view(), name="api_clear"),
    path("auctions/<int:auction_id>/asks", AsksView.as_view(), name="api_asks"),
    path("auctions/<int:auction_id>/bids", BidsView.as_view(), name="api_bids"),
    path("auctions/<int:auction_id>/preview", PreviewView.as_view(), name="api_bid_preview"),
    path("asks/<int:ask_id>", WithdrawAskView.as_view(), name="api_ask"),
    path("bids/<int:bid_id>", WithdrawBidView.as_view(), name="api_bid"),
    path("offers", OffersView.as_view(), name="api_offers"),
    path("offers/<int:offer_id>", WithdrawOfferView.as_view(), name="api_offer"),
]
