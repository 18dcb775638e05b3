"""Tables of the surplus market: offers for the close, and auctions."""

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
    """One row is one call auction of tokens of one yield: collects, clears once."""

    class State(models.TextChoices):
        """collecting → cleared."""

        COLLECTING = "collecting", _("collecting")
        CLEARED = "cleared", _("cleared")

    yields = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="auctions")
    key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.COLLECTING)
    pool_tokens = models.BigIntegerField(default=0, help_text="what the pool itself asks")
    pool_sold = models.BigIntegerField(default=0)
    cleared_at = models.DateTimeField(null=True)
    txn_id = models.BigIntegerField(null=True)


class Ask(models.Model):
    """One row puts own unused tokens of one member into an auction."""

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="asks")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="asks")
    amount = models.BigIntegerField()
    sold = models.BigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, sold__gte=0, sold__lte=F("amount")),
                name="tokens_ask_sold_within_amount",
            ),
        ]


class Bid(models.Model):
    """One row is a member's bid: so many tokens, at this price each, which is what they pay."""

    auction = models.ForeignKey(Auction, on_delete=models.PROTECT, related_name="bids")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="bids")
    price = models.BigIntegerField(help_text="micro-cents per token")
    amount = models.BigIntegerField()
    bought = models.BigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, bought__gte=0, bought__lte=F("amount")),
                name="tokens_bid_bought_within_amount",
            ),
        ]
