"""Tables of the surplus market: offers for the close, and auctions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from members.models import Member
from tokens.models.books import Book
from tokens.models.periods import Period, Yield


class Offer(models.Model):
    """One row offers own tokens for sale at the close: up to an amount, once or standing.

    `amount` empty: all that is left. `period` empty: standing, for every period until withdrawn.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="offers")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="offers")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="offers")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, null=True, related_name="offers")
    amount = models.BigIntegerField(null=True, help_text="millitokens")
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0), name="tokens_offer_positive"
            ),
        ]


class Auction(models.Model):
    """One row is one call auction of a pool's tokens of a resource: collects, clears once.

    `yields` is empty while it collects for a period that has not opened. `closes_at` is the
    moment at which it clears; empty: at the opening, or when it is told to. The second half is
    its result: millitokens, and the volume-weighted price in micro-cents per token.
    """

    class State(models.TextChoices):
        """collecting → cleared, or lapsed where its period ended before it."""

        COLLECTING = "collecting", _("collecting")
        CLEARED = "cleared", _("cleared")
        LAPSED = "lapsed", _("ended without a sale")

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="auctions")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="auctions")
    yields = models.ForeignKey(Yield, on_delete=models.PROTECT, null=True, related_name="auctions")
    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    called_at = models.DateTimeField(auto_now_add=True)
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closes_at = models.DateTimeField(null=True)
    pool_tokens = models.BigIntegerField(default=0, help_text="what the pool itself asks")
    pool_sold = models.BigIntegerField(default=0)
    volume = models.BigIntegerField(default=0, help_text="millitokens sold, the pool's included")
    average = models.BigIntegerField(null=True, help_text="micro-cents per token, by volume")
    early_reason = models.CharField(max_length=200, blank=True)
    cleared_at = models.DateTimeField(null=True)
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "closes_at"], name="tokens_auction_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(pool_tokens__gte=0, pool_sold__gte=0, volume__gte=F("pool_sold")),
                name="tokens_auction_amounts",
            ),
            models.CheckConstraint(
                condition=~Q(state="cleared") | Q(yields__isnull=False),
                name="tokens_auction_cleared_in_a_period",
            ),
            models.UniqueConstraint(
                fields=["pool", "resource"],
                condition=Q(state="collecting", yields__isnull=True),
                name="tokens_auction_one_before_the_period",
            ),
        ]


class LeftOut(models.TextChoices):
    """Why an ask or a bid was not, or not wholly, taken into the clearing."""

    TOKENS = "tokens", _("fewer own tokens were unused by then")
    PRICE = "price", _("below the posted price")
    CREDIT = "credit", _("no longer covered by the credit limit")
    LINKED = "linked", _("a linked account was on the other side first")
    MEMBER = "member", _("the membership did not allow it any more")


class Ask(models.Model):
    """One row puts own unused tokens of one member into an auction.

    `book` is empty until the auction has a period.
    """

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="asks")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="asks")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, null=True, related_name="asks")
    amount = models.BigIntegerField()
    sold = models.BigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    left_out = models.CharField(max_length=8, choices=LeftOut, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, sold__gte=0, sold__lte=F("amount")),
                name="tokens_ask_sold_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(sold=0) | Q(book__isnull=False, withdrawn_at=None),
                name="tokens_ask_sold_from_a_book",
            ),
        ]


class Bid(models.Model):
    """One row is a member's bid: so many tokens, at this price each, which is what they pay.

    `book` is empty until the auction has a period.
    """

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="bids")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="bids")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, null=True, related_name="bids")
    price = models.BigIntegerField(help_text="micro-cents per token")
    amount = models.BigIntegerField()
    bought = models.BigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True)
    left_out = models.CharField(max_length=8, choices=LeftOut, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, bought__gte=0, bought__lte=F("amount")),
                name="tokens_bid_bought_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(bought=0) | Q(book__isnull=False, withdrawn_at=None),
                name="tokens_bid_bought_into_a_book",
            ),
        ]
