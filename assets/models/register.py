"""Tables of what is shared out together: pools, resources, capacity, costs."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Pool(models.Model):
    """One row is a set of assets that are owned together and shared out together."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """One row is a thing that pools yield, counted in tokens of one `unit` each."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=20, help_text="what one token is, e.g. GB")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.name


class CapacityChange(models.Model):
    """One row changes what a pool can yield of a resource per period, from a date on.

    The capacity at a date is the sum of the changes up to it; `normal` tells whether the change
    also belongs to what the pool can honour undisturbed. A change with an `until` ends by itself;
    one that an asset brought is ended by a row that takes it away again.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="capacity_changes")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="exclusive")
    change = models.BigIntegerField(help_text="millitokens per period, may be negative")
    normal = models.BooleanField(default=True)
    source = models.CharField(max_length=120)
    asset = models.ForeignKey(
        "assets.Asset",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="capacity_changes",
        help_text="the thing that brings or loses it",
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["pool", "resource", "since"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")),
                name="assets_capacitychange_until_after_since",
            ),
        ]


class CostLine(models.Model):
    """One row is a cost that a pool has in every period from a date on, until it ends.

    `weights` splits it over resources by exact fractions: {"bandwidth": 3, "storage": 1} is
    three quarters and one quarter; cents are shared by largest remainder.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="cost_lines")
    name = models.CharField(max_length=120)
    amount = models.BigIntegerField(help_text="cents per period")
    weights = models.JSONField()
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="exclusive")
    source = models.CharField(max_length=120, help_text="the bill or decision behind it")
    bill = models.ForeignKey(
        "assets.Bill", on_delete=models.PROTECT, null=True, blank=True, related_name="cost_lines"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="assets_costline_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def borne_by(self) -> list[tuple[str, int]]:
        """(resource code, weight), by code."""
        return sorted(self.weights.items())
