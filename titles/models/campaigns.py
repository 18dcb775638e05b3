"""Tables of campaigns: money paid ahead for something that is planned."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool
from members.models import Member
from payments.models import Charge


class Campaign(models.Model):
    """One row is something that a pool plans to buy, and for which members pay ahead.

    What is paid is equity credit in a lot of the campaign's own: it waits for this thing alone,
    under either policy of vesting, and becomes shares when the thing is bought.
    """

    class State(models.TextChoices):
        """Open for money until it is bought or given up."""

        OPEN = "open", _("open")
        BOUGHT = "bought", _("bought")
        CANCELLED = "cancelled", _("given up")

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=120)
    about = models.TextField()
    kind = models.CharField(max_length=40, help_text="mast, fibre, router, server, disk shelf")
    goal = models.BigIntegerField(help_text="cents")
    minimum = models.BigIntegerField(default=1, help_text="cents: the smallest payment")
    capacity = models.JSONField(help_text="millitokens per period by resource code")
    planned_on = models.DateField(help_text="when it is to begin its service")
    closes_on = models.DateField(help_text="last day for new payments")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    asset = models.OneToOneField(
        Asset, on_delete=models.PROTECT, null=True, related_name="campaign"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="why it was given up")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(goal__gt=0, minimum__gt=0), name="titles_campaign_positive"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None)
                | Q(~Q(state="open"), ended_at__isnull=False),
                name="titles_campaign_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(state="bought", asset__isnull=False)
                | Q(~Q(state="bought"), asset=None),
                name="titles_campaign_bought_is_an_asset",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lot_code(self) -> str:
        """How the lots of this campaign are called: no month, so no month's credit meets it."""
        return f"c{self.pk}"


class Prepayment(models.Model):
    """One row is a member's payment ahead for a campaign; its charge says whether it came."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="prepayments")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="prepayments")
    amount = models.BigIntegerField(help_text="cents")
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="prepayment")
    made_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="titles_prepayment_positive"),
        ]
