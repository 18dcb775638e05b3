"""What the market says and takes under /api/v1/: millitokens, micro-cents per token, cents."""

from typing import Any

from rest_framework import serializers

from policies.registry import MOST_RATE
from tokens.models import Ask, Auction, Bid, Offer

MOST_MILLITOKENS = 10**15


class PricePointSerializer(serializers.Serializer[Any]):
    """The posted price of one period, the rule that made it, and what its auctions came to."""

    period = serializers.CharField(source="row.period.code")
    price = serializers.IntegerField(source="row.price")
    price_rule = serializers.CharField(source="row.price_rule")
    price_source = serializers.CharField(source="row.price_source")
    sale_cost = serializers.IntegerField(source="row.sale_cost")
    auction_volume = serializers.IntegerField(source="volume")
    auction_average = serializers.IntegerField(source="average", allow_null=True)


class AuctionSerializer(serializers.ModelSerializer[Auction]):
    """One auction; `period` and `price` are empty until its period opens."""

    pool = serializers.CharField(source="pool.code", read_only=True)
    resource = serializers.CharField(source="resource.code", read_only=True)
    period = serializers.CharField(
        source="yields.period.code", default=None, allow_null=True, read_only=True
    )
    price = serializers.IntegerField(
        source="yields.price", default=None, allow_null=True, read_only=True
    )
    auction_state = serializers.CharField(source="state", read_only=True)

    class Meta:
        model = Auction
        fields = (
            "id",
            "pool",
            "resource",
            "period",
            "price",
            "auction_state",
            "called_at",
            "closes_at",
            "cleared_at",
            "early_reason",
            "pool_tokens",
            "pool_sold",
            "volume",
            "average",
        )
        read_only_fields = fields


class BidLevelSerializer(serializers.Serializer[Any]):
    """All bids at one price."""

    price = serializers.IntegerField()
    wanted = serializers.IntegerField()
    served = serializers.IntegerField()
    mine = serializers.IntegerField()


class AuctionResultSerializer(serializers.Serializer[Any]):
    """An auction with what is asked in it and what its bids came to."""

    auction = AuctionSerializer()
    asked = serializers.IntegerField()
    levels = BidLevelSerializer(many=True)


class AuctionAskSerializer(serializers.ModelSerializer[Ask]):
    """An ask; `left_out` says why it was not wholly taken."""

    left_out = serializers.CharField(read_only=True)

    class Meta:
        model = Ask
        fields = ("id", "auction", "amount", "sold", "left_out", "created_at")
        read_only_fields = fields


class AuctionBidSerializer(serializers.ModelSerializer[Bid]):
    """A bid; `left_out` says why it was not taken."""

    left_out = serializers.CharField(read_only=True)

    class Meta:
        model = Bid
        fields = ("id", "auction", "price", "amount", "bought", "left_out", "created_at")
        read_only_fields = fields


class SurplusOfferSerializer(serializers.ModelSerializer[Offer]):
    """An offer for the close; no amount: all that is left; no period: every one."""

    pool = serializers.CharField(source="pool.code", read_only=True)
    resource = serializers.CharField(source="resource.code", read_only=True)
    period = serializers.CharField(
        source="period.code", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = Offer
        fields = ("id", "pool", "resource", "period", "amount", "created_at", "withdrawn_at")
        read_only_fields = fields


class AskWishSerializer(serializers.Serializer[Any]):
    """Millitokens to ask."""

    amount = serializers.IntegerField(min_value=1, max_value=MOST_MILLITOKENS)


class BidWishSerializer(AskWishSerializer):
    """Millitokens to bid for, and the price of each token."""

    price = serializers.IntegerField(min_value=0, max_value=MOST_RATE)


class BidPreviewSerializer(serializers.Serializer[Any]):
    """What a bid that is served whole would come to; `room` is empty without a credit limit."""

    total = serializers.IntegerField()
    cost = serializers.IntegerField()
    equity = serializers.IntegerField()
    issue_price = serializers.IntegerField()
    shares = serializers.IntegerField()
    rest = serializers.IntegerField()
    floor = serializers.IntegerField(allow_null=True)
    is_estimate = serializers.BooleanField()
    room = serializers.IntegerField(allow_null=True)


class PoolAskSerializer(serializers.Serializer[Any]):
    """Millitokens that the pool asks itself."""

    pool_tokens = serializers.IntegerField(min_value=0, max_value=MOST_MILLITOKENS)


class AuctionCallSerializer(serializers.Serializer[Any]):
    """The call of an auction: for the running period until a moment, or before the coming one."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    before = serializers.BooleanField(default=False)
    closes_at = serializers.DateTimeField(default=None, allow_null=True)
    pool_tokens = serializers.IntegerField(default=0, min_value=0, max_value=MOST_MILLITOKENS)


class EarlySerializer(serializers.Serializer[Any]):
    """Why an auction clears before its moment."""

    reason = serializers.CharField(default="", allow_blank=True, max_length=200)


class OfferWishSerializer(serializers.Serializer[Any]):
    """An offer for the close: up to an amount or, without one, all that is left."""

    pool = serializers.CharField()
    resource = serializers.CharField()
    amount = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=MOST_MILLITOKENS
    )
    standing = serializers.BooleanField(default=False)
