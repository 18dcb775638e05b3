"""Tables of what assets cost over their life: plans of depreciation, runs, disposals, bills."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models.register import Pool
from assets.models.things import Asset
from assets.models.upkeep import AssetFile


class DepreciationPlan(models.Model):
    """One row says how an asset is written off from a day on: so many cents over so many months.

    `weights` splits it over resources as a cost line does. A later row takes the place of an
    earlier one from its own day on: what was written off until then stays.
    """

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="plans")
    since = models.DateField()
    months = models.PositiveSmallIntegerField()
    base = models.BigIntegerField(help_text="cents to be written off from that day on")
    weights = models.JSONField()
    source = models.CharField(max_length=120, help_text="the bill or decision behind it")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "since"], name="assets_depreciationplan_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(base__gte=0, months__gt=0), name="assets_depreciationplan_sensible"
            ),
        ]


class Depreciation(models.Model):
    """One row is what one run wrote off of one asset for one resource; append-only.

    `is_cost` is false for days before the pool's first settled period: nobody is charged for
    them, the pool bears them. `until` is the day up to which it writes off, exclusive.
    """

    plan = models.ForeignKey(DepreciationPlan, on_delete=models.PROTECT, related_name="runs")
    resource = models.CharField(max_length=40)
    until = models.DateField()
    amount = models.BigIntegerField(help_text="cents")
    is_cost = models.BooleanField(default=True)
    run = models.CharField(max_length=60, help_text="the key of the run, e.g. period:2026-06")
    txn_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "resource", "run", "is_cost"], name="assets_depreciation_once_a_run"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="assets_depreciation_positive"),
        ]


class Disposal(models.Model):
    """One row is the end of an asset in the books: its cost, what was left, what it fetched.

    `cost` less `written_off` is its book value; `proceeds` less that is the gain, or the loss.
    """

    asset = models.OneToOneField(Asset, on_delete=models.PROTECT, related_name="disposal")
    on = models.DateField()
    cost = models.BigIntegerField(help_text="cents")
    written_off = models.BigIntegerField(help_text="cents")
    proceeds = models.BigIntegerField(default=0, help_text="cents")
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__gte=0, written_off__gte=0, proceeds__gte=0),
                name="assets_disposal_not_negative",
            ),
        ]

    @property
    def result(self) -> int:
        """Cents gained, below zero where it was a loss."""
        return self.proceeds - (self.cost - self.written_off)


class Bill(models.Model):
    """One row is a supplier's bill for a pool: what cost lines and actual costs rest on."""

    class For(models.TextChoices):
        """What a bill is for."""

        RUNNING = "running", _("running cost")
        PURCHASE = "purchase", _("purchase of an asset")
        UPKEEP = "upkeep", _("upkeep")

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="bills")
    supplier = models.CharField(max_length=120)
    number = models.CharField(max_length=60)
    issued_on = models.DateField()
    amount = models.BigIntegerField(help_text="cents")
    purpose = models.CharField(max_length=10, choices=For, default=For.RUNNING)
    note = models.CharField(max_length=300, blank=True)
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="bills"
    )
    file = models.ForeignKey(
        AssetFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["pool", "issued_on"])]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "number"], name="assets_bill_entered_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="assets_bill_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.number}"
