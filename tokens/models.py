"""Tables of periods, token books, usage, gifts, the market and the close."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from members.models import Member
from payments.models import Charge


class TsTzRange(Func):
    """The half-open range of two timestamp columns."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Period(models.Model):
    """One row is a half-open span of time [start, end) in which tokens are valid."""

    class State(models.TextChoices):
        """open → closing → closed."""

        OPEN = "open", _("open")
        CLOSING = "closing", _("being closed")
        CLOSED = "closed", _("closed")

    code = models.CharField(max_length=10, unique=True, help_text="e.g. 2026-06")
    start = models.DateTimeField()
    end = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="tokens_period_not_empty"),
            ExclusionConstraint(
                name="tokens_period_no_overlap",
                expressions=[(TsTzRange("start", "end", RangeBoundary()), RangeOperators.OVERLAPS)],
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=~Q(state="closed"),
                name="tokens_period_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Yield(models.Model):
    """One row is what one pool yields of one resource in one period, with its fixed rates.

    Rates are micro-cents per token, quantities millitokens, money cents. The second half is
    filled by the close, step by step, and then never changes.
    """

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="yields")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="yields")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="yields")
    commodity_id = models.IntegerField(unique=True, help_text="the tokens in the ledger")
    issue_account = models.BigIntegerField()
    unbacked_account = models.BigIntegerField()
    pool_account = models.BigIntegerField()
    expired_account = models.BigIntegerField()
    capacity = models.BigIntegerField()
    normal = models.BigIntegerField()
    issued = models.BigIntegerField()
    pool_issued = models.BigIntegerField()
    basis = models.BigIntegerField()
    cost = models.BigIntegerField(help_text="the budget's cost, before what is carried")
    carried = models.BigIntegerField(help_text="over-recovered before this period; may be negative")
    budget = models.BigIntegerField()
    unit_cost = models.BigIntegerField(help_text="u")
    sale_cost = models.BigIntegerField(help_text="v")
    price = models.BigIntegerField(help_text="P")
    price_source = models.CharField(max_length=120, blank=True)
    owned = models.BooleanField(help_text="whether the pool had any units at the issue")
    # set by the close
    actual = models.BigIntegerField(null=True)
    settled_rate = models.BigIntegerField(null=True, help_text="s")
    settled_cost = models.BigIntegerField(null=True, help_text="w")
    matched = models.BigIntegerField(null=True)
    unbacked = models.BigIntegerField(null=True)
    pool_sold = models.BigIntegerField(null=True, help_text="by auction and matched at close")
    to_reserve = models.BigIntegerField(null=True)
    vacancy = models.BigIntegerField(null=True)
    carried_next = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["period", "pool", "resource"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "pool", "resource"], name="tokens_yield_once_each"
            ),
            models.CheckConstraint(
                condition=Q(issued__gte=0, issued__lte=F("capacity")),
                name="tokens_yield_issued_within_capacity",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=F("sale_cost")), name="tokens_yield_price_covers_cost"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}:{self.resource_id}:{self.period_id}"


class Book(models.Model):
    """One row is a member's book of tokens of one yield: four ledger accounts and the issue.

    own: issued and not yet given, sold or used; received: gifts and purchases not yet used;
    redeemed: used from tokens; overage: used beyond them.
    """

    yields = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="books")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="books")
    issued = models.BigIntegerField(default=0)
    own_account = models.BigIntegerField(unique=True)
    received_account = models.BigIntegerField(unique=True)
    redeemed_account = models.BigIntegerField(unique=True)
    overage_account = models.BigIntegerField(unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["yields", "member"], name="tokens_book_once_each"),
        ]
        indexes = [models.Index(fields=["member", "yields"])]


class RatingRun(models.Model):
    """One row is one rating: the usage that came with it moved tokens and charges once."""

    yields = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="ratings")
    at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField(null=True)


class Usage(models.Model):
    """One row is a signed amount that a member used; append-only.

    `key` names its source for ever ("reading:17", "correction:…"), so that a repeat adds nothing.
    """

    class Kind(models.TextChoices):
        """Where the amount comes from."""

        READING = "reading", _("metered")
        CORRECTION = "correction", _("correction")

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="usages")
    rating = models.ForeignKey(RatingRun, on_delete=models.PROTECT, related_name="usages")
    amount = models.BigIntegerField(help_text="millitokens")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.READING)
    key = models.CharField(max_length=120, unique=True)
    used_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["book", "used_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="correction") | Q(amount__gte=0),
                name="tokens_usage_only_corrections_take_back",
            ),
            models.CheckConstraint(
                condition=~Q(kind="correction") | ~Q(reason=""),
                name="tokens_usage_correction_has_reason",
            ),
        ]


class Gift(models.Model):
    """One row is own tokens that one member gave to another within a period."""

    class State(models.TextChoices):
        """A gift moves only when it is accepted."""

        OFFERED = "offered", _("waiting for acceptance")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")

    giver = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="gifts_given")
    receiver = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="gifts_received")
    amount = models.BigIntegerField(help_text="millitokens")
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="tokens_gift_positive"),
            models.CheckConstraint(
                condition=~Q(giver=F("receiver")), name="tokens_gift_not_to_oneself"
            ),
        ]


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


class Settlement(models.Model):
    """One row is what the close settled for one book; append-only.

    sold: by auction and matched; own_cost: charge(issued − sold, u); cost_part and profit:
    of everything bought, over all rates.
    """

    book = models.OneToOneField(Book, on_delete=models.PROTECT, related_name="settlement")
    used = models.BigIntegerField()
    redeemed = models.BigIntegerField()
    overage = models.BigIntegerField()
    matched = models.BigIntegerField(help_text="own tokens sold at the close")
    sold = models.BigIntegerField()
    expired = models.BigIntegerField()
    own_cost = models.BigIntegerField()
    cost_part = models.BigIntegerField()
    profit = models.BigIntegerField()
    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="settlements"
    )


class CloseStep(models.Model):
    """One row says that one step of one period's close was booked, by whom, with what result."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="close_steps")
    name = models.CharField(max_length=12)
    done_at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    summary = models.JSONField()
    transactions = models.JSONField(help_text="ids of what it booked")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "name"], name="tokens_closestep_once_each"),
        ]
