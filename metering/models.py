"""Tables of nodes, of what they signed, and of what was read from it."""

import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateTimeRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool, Resource
from members.models import Member
from metering.fields import WholeNumberField
from tokens.models import Period


class TsTzRange(Func):
    """The half-open range of two timestamp columns."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Int8Range(Func):
    """The range of one number: equality, in a form that a GiST index knows by itself."""

    function = "INT8RANGE"
    output_field = BigIntegerRangeField()


class Node(models.Model):
    """One row is a machine that signs what it measured; it may stand for an asset of a pool."""

    class State(models.TextChoices):
        """Evidence is taken in every state but the last; it is rated only while active."""

        ACTIVE = "active", _("active")
        SUSPECT = "suspect", _("suspect")
        REVOKED = "revoked", _("revoked")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    label = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    pool = models.ForeignKey(
        Pool, on_delete=models.PROTECT, null=True, blank=True, related_name="nodes"
    )
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="nodes"
    )
    owner = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="nodes"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["label", "id"]

    def __str__(self) -> str:
        return self.label


class NodeStateChange(models.Model):
    """One row says that a node came into a state, why, and who decided it; append-only."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="state_changes")
    state = models.CharField(max_length=8, choices=Node.State)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]


class NodeKey(models.Model):
    """One row is a node's key for one epoch, and how far its chain is linked.

    `head_seq` and `head_chain` are the last linked batch (0 and the genesis value before it);
    `next_digest` commits to the key of the next epoch.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="keys")
    epoch = models.PositiveIntegerField(default=1)
    public_key = models.BinaryField(max_length=32, unique=True)
    keyid = models.CharField(max_length=40, unique=True)
    next_digest = models.CharField(max_length=64)
    head_seq = models.BigIntegerField(default=0)
    head_chain = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "epoch"], name="metering_nodekey_once_each"),
        ]


class EnrolmentRequest(models.Model):
    """One row is a node that asks to be let in; its code is good for fifteen minutes.

    The device code is kept as a digest only: who reads this table cannot pick up an answer.
    """

    class State(models.TextChoices):
        """Where a request stands; the newest of a key replaces the others."""

        PENDING = "pending", _("waiting")
        APPROVED = "approved", _("approved")
        DENIED = "denied", _("denied")
        REPLACED = "replaced", _("replaced by a newer one")

    device_digest = models.CharField(max_length=64, unique=True)
    user_code = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    public_key = models.BinaryField(max_length=32)
    keyid = models.CharField(max_length=40)
    next_digest = models.CharField(max_length=64)
    hostname = models.CharField(max_length=200)
    envelope = models.BinaryField(help_text="the request as it was signed, JSON")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_poll = models.DateTimeField(null=True)
    node = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, related_name="enrolment_requests"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["keyid"])]
        constraints = [
            models.UniqueConstraint(
                fields=["user_code"],
                condition=Q(state="pending"),
                name="metering_enrolmentrequest_code_once",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", node__isnull=False)
                | (~Q(state="approved") & Q(node=None)),
                name="metering_enrolmentrequest_approved_has_node",
            ),
        ]


class Envelope(models.Model):
    """One row is one batch as its node signed it, byte for byte; append-only.

    `chain` is the SHA-256 of what was signed, `prev` that of the batch before. Only two things
    ever change: the status once, from pending_gap, and `rated_at` once, from nothing.
    """

    class Status(models.TextChoices):
        """pending_gap → accepted | conflict."""

        ACCEPTED = "accepted", _("accepted")
        PENDING_GAP = "pending_gap", _("waits for earlier ones")
        CONFLICT = "conflict", _("in conflict")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="envelopes")
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()
    chain = models.CharField(max_length=64)
    prev = models.CharField(max_length=64)
    payload_type = models.CharField(max_length=100)
    payload = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    keyid = models.CharField(max_length=40)
    via = models.CharField(max_length=40)
    received_at = models.DateTimeField()
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING_GAP)
    rated_at = models.DateTimeField(null=True, help_text="when its readings were taken")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "epoch", "seq"], name="metering_envelope_number_once"
            ),
            models.CheckConstraint(
                condition=Q(rated_at=None) | Q(status="accepted"),
                name="metering_envelope_rated_when_accepted",
            ),
        ]
        indexes = [
            models.Index(
                fields=["node", "epoch", "seq"],
                condition=Q(status="accepted", rated_at=None),
                name="metering_envelope_waiting",
            ),
            models.Index(
                fields=["node", "epoch", "seq"],
                condition=Q(status="pending_gap"),
                name="metering_envelope_gaps",
            ),
            models.Index(fields=["node", "received_at"], name="metering_envelope_arrival"),
        ]

    def __str__(self) -> str:
        return f"{self.epoch}/{self.seq}"


class EnvelopeConflict(models.Model):
    """One row is a batch whose number was taken by another one; both are kept; append-only."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="conflicts")
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()
    chain = models.CharField(max_length=64, unique=True)
    prev = models.CharField(max_length=64)
    payload_type = models.CharField(max_length=100)
    payload = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    keyid = models.CharField(max_length=40)
    via = models.CharField(max_length=40)
    received_at = models.DateTimeField()


class RefusedBatch(models.Model):
    """One row is a number that will never come: the site refused it and the node signed so.

    The chain is linked over it, from `chain` to the batch that names it as its `prev`.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="refused_batches")
    epoch = models.PositiveIntegerField()
    seq = models.BigIntegerField()
    chain = models.CharField(max_length=64)
    named_by = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "epoch", "seq"], name="metering_refusedbatch_once_each"
            ),
        ]


class Receipt(models.Model):
    """One row is the signed answer to one envelope, kept so that a repeat gets the same."""

    envelope = models.OneToOneField(Envelope, on_delete=models.PROTECT, related_name="receipt")
    payload = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    keyid = models.CharField(max_length=40)


class MeterInventory(models.Model):
    """One row is a signed list of a node's meters; `digest` is the SHA-256 of its payload."""

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="inventories")
    digest = models.CharField(max_length=64)
    payload = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    keyid = models.CharField(max_length=40)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "digest"], name="metering_meterinventory_once_each"
            ),
        ]


class Meter(models.Model):
    """One row is one counter or gauge of one node, as its newest inventory describes it.

    `unit` and `driver` are empty for a meter that readings name but no inventory yet.
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
    to the rounded-down total of its assignment and period, which stood at `raw_before`.
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
        """measured stays; waiting → rated | late."""

        MEASURED = "measured", _("measured, assigned to nobody")
        WAITING = "waiting", _("waits for its period")
        RATED = "rated", _("booked")
        LATE = "late", _("late, not charged")

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="readings")
    position = models.PositiveIntegerField(help_text="n of the record in its batch")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="readings")
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
        MeterAssignment, on_delete=models.PROTECT, null=True, related_name="readings"
    )
    period = models.ForeignKey(Period, on_delete=models.PROTECT, null=True, related_name="readings")
    raw_before = WholeNumberField(max_digits=40, null=True)
    amount = models.BigIntegerField(null=True, help_text="millitokens")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["envelope", "position"], name="metering_reading_once_each"
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
                | (~Q(state="rated") & Q(raw_before=None, amount=None)),
                name="metering_reading_rated_has_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["meter", "id"]),
            models.Index(fields=["assignment", "period", "id"]),
            models.Index(
                fields=["meter", "ends_at"],
                condition=Q(state="waiting"),
                name="metering_reading_waiting",
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
