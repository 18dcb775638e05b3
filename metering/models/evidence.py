"""What nodes signed, byte for byte, and what the cooperative signed in answer."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from metering.models.nodes import Node


class Envelope(models.Model):
    """One row is one batch as its node signed it, byte for byte; append-only.

    `chain` is the SHA-256 of what was signed, `prev` that of the batch before. Only three things
    ever change: the status once, from pending_gap; `rated_at` once, from nothing; and once, where
    the policy `payload_days` says so, an old payload is emptied: its size and SHA-256 stay, and
    the chain goes on through `chain`.
    """

    class Status(models.TextChoices):
        """pending_gap → accepted | conflict; held stays: it came after the end of its key."""

        ACCEPTED = "accepted", _("accepted")
        HELD = "held", _("held")
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
    expired_at = models.DateTimeField(null=True, help_text="when its payload was emptied")
    payload_size = models.PositiveIntegerField(null=True, help_text="bytes, once it is emptied")
    payload_digest = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="SHA-256 of the payload, once it is emptied",
    )  # fmt: skip

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
