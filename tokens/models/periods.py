"""Tables of periods, what the pools yield in them, and the close."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource


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
    redeemed_account = models.BigIntegerField()
    overage_account = models.BigIntegerField()
    vouchers_account = models.BigIntegerField(null=True, help_text="opened with the first voucher")
    capacity = models.BigIntegerField()
    normal = models.BigIntegerField()
    issued = models.BigIntegerField()
    pool_issued = models.BigIntegerField()
    basis = models.BigIntegerField()
    cost = models.BigIntegerField(help_text="the budget's cost, before what is carried")
    stated_cost = models.BigIntegerField(
        null=True, help_text="what cost lines and depreciation came to, where the band bound it"
    )
    budget_source = models.CharField(
        max_length=120, blank=True, help_text="the vote that approved it"
    )
    carried = models.BigIntegerField(help_text="over-recovered before this period; may be negative")
    budget = models.BigIntegerField()
    unit_cost = models.BigIntegerField(help_text="u")
    sale_cost = models.BigIntegerField(help_text="v")
    price = models.BigIntegerField(help_text="P")
    price_source = models.CharField(max_length=120, blank=True)
    price_rule = models.CharField(max_length=16, default="stewards", help_text="what made P")
    owned = models.BooleanField(help_text="whether the pool had any units at the issue")
    # set by the close
    actual = models.BigIntegerField(null=True)
    settled_rate = models.BigIntegerField(null=True, help_text="s")
    settled_cost = models.BigIntegerField(null=True, help_text="w")
    matched = models.BigIntegerField(null=True)
    unbacked = models.BigIntegerField(null=True)
    offers_unsold = models.BigIntegerField(null=True, help_text="of what members offered")
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
