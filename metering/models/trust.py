"""Keys that followed on one another, keys that count no longer, and on which boots they signed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from metering.models.nodes import Node


class KeyRotation(models.Model):
    """One row is a signed wish that a node's next key takes over; the envelope is kept whole.

    With the signatures of the old and of the new key it is accepted at once. With that of the
    committed new key alone it waits for a steward.
    """

    class State(models.TextChoices):
        """pending → accepted | refused."""

        PENDING = "pending", _("waits for a steward")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="rotations")
    epoch = models.PositiveIntegerField(help_text="the one that ends")
    last_seq = models.BigIntegerField()
    last_chain = models.CharField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    next_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    envelope = models.BinaryField(help_text="as it was signed, JSON")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    received_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=400, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["node", "epoch"],
                condition=Q(state="accepted"),
                name="metering_keyrotation_one_per_epoch",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", decided_at=None)
                | (~Q(state="pending") & Q(decided_at__isnull=False)),
                name="metering_keyrotation_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return f"rotation:{self.pk}"


class KeyRevocation(models.Model):
    """One row says that a key counts up to a number and no further; append-only, public.

    What it signed up to `last_seq` stands, with its receipts; what arrives beyond is held.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="revocations")
    epoch = models.PositiveIntegerField()
    keyid = models.CharField(max_length=40, unique=True)
    last_seq = models.BigIntegerField()
    reason = models.CharField(max_length=400)
    at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=80, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["node", "epoch"], name="metering_keyrevocation_once_each"
            ),
        ]


class NodeBoot(models.Model):
    """One row is one start of the machine behind a key: which numbers it signed, how its clock ran.

    Two machines never share a boot id: of two boots of one key, one lies before the other. `offset`
    is the wall clock minus the steady clock of the last batch whose clock was set, in microseconds;
    `jumps` counts how often it leapt.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="boots")
    epoch = models.PositiveIntegerField()
    boot = models.CharField(max_length=80)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    offset = models.BigIntegerField(null=True)
    jumps = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "epoch", "boot"], name="metering_nodeboot_once_each"
            ),
            models.CheckConstraint(
                condition=Q(last_seq__gte=F("first_seq")), name="metering_nodeboot_in_order"
            ),
        ]
