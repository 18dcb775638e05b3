"""Meters, whose use they measure, and what was read from them."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from assets.models import Pool, Resource
from members.models import Member
from metering.fields import WholeNumberField
from metering.models.evidence import Envelope
from metering.models.nodes import Node
from tokens.models import Period, TsTzRange


class Int8Range(Func):
    """The range of one number: equality, in a form that a GiST index knows by itself."""

    function = "INT8RANGE"
    output_field = BigIntegerRangeField()


class Meter(models.Model):
    """One row is one counter or gauge of one node, as its newest inventory describes it.

    `unit` and `driver` are empty for a meter that readings name but no inventory yet. `head_…` say
    where its readings stand: the last value and its incarnation, None before the first; and the
    last end that the node's own clock named.
    """

    class Kind(models.TextChoices):
        """Counters grow; gauges go up and down."""

        COUNTER = "counter", _("counter")
        GAUGE = "gauge", _("gauge")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="meters")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    unit = models.CharField(max_length=12, blank=True, help_text="By or us")
    driver = models.CharField(max_length=40, blank=True)
    ceiling = WholeNumberField(
        max_digits=20, null=True, help_text="units per second; for a gauge its largest value"
    )
    head_incarnation = models.CharField(max_length=64, blank=True, default="")
    head_value = WholeNumberField(max_digits=20, null=True)
    head_ends_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["node", "name"], name="metering_meter_once_each"),
        ]

    def __str__(self) -> str:
        return self.name


class MeterAssignment(models.Model):
    """One row says whose use a meter measures in a span of time [since, until).

    `num` / `den` is the exact number of millitokens in one raw unit (a byte, a byte-second,
    a core-microsecond).
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="assignments")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="assignments")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    num = models.BigIntegerField()
    den = models.BigIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["since"]
        constraints = [
            ExclusionConstraint(
                name="metering_meterassignment_no_overlap",
                expressions=[
                    (Int8Range("meter", "meter", Value("[]")), RangeOperators.OVERLAPS),
                    (TsTzRange("since", "until", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(num__gt=0, den__gt=0), name="metering_meterassignment_fraction"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="metering_meterassignment_until_after_since",
            ),
        ]


class Reading(models.Model):
    """One row is what one record of a batch says was used between two moments.

    `quantity` is in raw units: bytes, byte-seconds, core-microseconds. With an assignment it is
    booked once, as the usage "reading:<id>": `amount` millitokens, the difference that it makes
    to the rounded-down total of its assignment and period, which stood at `raw_before`. What lies
    in suspense has these two as soon as its period has tokens of the resource.

    The table is partitioned by month of `received_at`, which is its envelope's: so the number
    within an envelope stays unique, and no reading is ever moved (decision 0029).
    """

    class Rule(models.TextChoices):
        """How the quantity follows from this record and the one before."""

        BASELINE = "baseline", _("first value, counts nothing")
        STEADY = "steady", _("growth since the last value")
        DISCONTINUITY = "discontinuity", _("growth within the record")
        WRAP = "wrap", _("growth over the counter's end")
        RESET = "reset", _("growth since the counter was set back")
        RESTART = "restart", _("growth since the counter began anew")
        GAUGE = "gauge", _("held over the span")

    class State(models.TextChoices):
        """measured and held stay; waiting → rated | late, late → rated by a later adjustment.

        What a quarantined node measured lies in suspense: suspense → waiting | let_go.
        """

        MEASURED = "measured", _("measured, assigned to nobody")
        WAITING = "waiting", _("waits for its period")
        RATED = "rated", _("booked")
        LATE = "late", _("late, not charged")
        HELD = "held", _("held: more than the meter can count")
        SUSPENSE = "suspense", _("in suspense: the node is quarantined")
        LET_GO = "let_go", _("let go: the node was revoked")

    envelope = models.ForeignKey(
        Envelope, on_delete=models.PROTECT, related_name="readings", db_index=False
    )
    received_at = models.DateTimeField()
    position = models.PositiveIntegerField(help_text="n of the record in its batch")
    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, related_name="readings", db_index=False
    )
    rule = models.CharField(max_length=13, choices=Rule)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    incarnation = models.CharField(max_length=64, blank=True)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    value_before = WholeNumberField(max_digits=20, null=True)
    value = WholeNumberField(max_digits=20)
    quantity = WholeNumberField(max_digits=40)
    state = models.CharField(max_length=8, choices=State)
    assignment = models.ForeignKey(
        MeterAssignment,
        on_delete=models.PROTECT,
        null=True,
        related_name="readings",
        db_index=False,
    )
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, null=True, related_name="readings", db_index=False
    )
    raw_before = WholeNumberField(max_digits=40, null=True)
    amount = models.BigIntegerField(null=True, help_text="millitokens")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["envelope", "position", "received_at"], name="metering_reading_once_each"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=0), name="metering_reading_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(state="measured", assignment=None)
                | (~Q(state="measured") & Q(assignment__isnull=False)),
                name="metering_reading_assigned_or_measured",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="rated", period__isnull=False, raw_before__isnull=False, amount__gte=0
                )
                | Q(
                    state__in=["suspense", "let_go"],
                    period__isnull=False,
                    raw_before__isnull=False,
                    amount__gte=0,
                )
                | (~Q(state="rated") & Q(raw_before=None, amount=None)),
                name="metering_reading_rated_has_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["meter", "id"]),
            models.Index(
                fields=["assignment", "period", "raw_before", "quantity"],
                name="metering_reading_total",
            ),
            models.Index(
                fields=["meter", "ends_at"],
                condition=Q(state="waiting"),
                name="metering_reading_waiting",
            ),
            models.Index(
                fields=["meter", "ends_at"],
                condition=Q(state="late"),
                name="metering_reading_late",
            ),
            models.Index(
                fields=["meter", "id"],
                condition=Q(state="suspense"),
                name="metering_reading_suspense",
            ),
        ]

    def __str__(self) -> str:
        return f"reading:{self.pk}"


class Gap(models.Model):
    """One row is a span for which a node says that it knows nothing; never charged, shown."""

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="gaps")
    position = models.PositiveIntegerField()
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="gaps")
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=40)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["envelope", "position"], name="metering_gap_once_each"),
        ]
