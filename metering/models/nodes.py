"""Nodes, their keys, and how they are let in."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assets.models import Asset, Pool
from members.models import Member


class Node(models.Model):
    """One row is a machine that signs what it measured; it may stand for an asset of a pool."""

    class State(models.TextChoices):
        """active ⇄ silent → suspect → quarantined → active | revoked; and retired (docs/trust.md).

        Evidence is taken in every state but `retired`. It is rated while active or silent; what a
        quarantined node signed lies in suspense.
        """

        ACTIVE = "active", _("active")
        SILENT = "silent", _("silent")
        SUSPECT = "suspect", _("suspect")
        QUARANTINED = "quarantined", _("quarantined")
        REVOKED = "revoked", _("revoked")
        RETIRED = "retired", _("retired")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    label = models.CharField(max_length=80)
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
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
    """One row says that a node came into a state, why, and who decided it; append-only.

    `facts` name the evidence that speaks for it (chain values of envelopes, readings, links).
    `until` is the moment at which a quarantine ends by itself; none: not before it is decided.
    A row whose facts name an `asset` says only which one the node stands for since.
    """

    class Trigger(models.TextChoices):
        """What brought the state about."""

        DECIDED = "decided", _("a steward’s decision")
        VOTED = "voted", _("a vote")
        ENROLLED = "enrolled", _("enrolment")
        CONFLICT = "conflict", _("two batches with one number")
        FORK = "fork", _("a batch that does not follow on the one before it")
        CLONED = "cloned", _("two machines with one key")
        CLOCK = "clock", _("a clock that jumps")
        CAPACITY = "capacity", _("more than the meters can count")
        LINK = "link", _("the other end of a link says otherwise")
        CHALLENGE = "challenge", _("a storage challenge that failed")
        UNRATEABLE = "unrateable", _("evidence that cannot be computed with")
        AFTER_END = "after_end", _("a batch after the end of its key")
        SILENCE = "silence", _("nothing came for long")
        HEARD = "heard", _("a batch came")
        LAPSED = "lapsed", _("the quarantine ended without a vote")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="state_changes")
    state = models.CharField(max_length=12, choices=Node.State)
    trigger = models.CharField(max_length=12, choices=Trigger, default=Trigger.DECIDED)
    reason = models.CharField(max_length=400)
    facts = models.JSONField(default=dict)
    source = models.CharField(max_length=80, blank=True, help_text="the decision behind it")
    until = models.DateTimeField(null=True)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]

    @classmethod
    def entered(cls) -> models.QuerySet["NodeStateChange"]:
        """The rows by which nodes came into a state, without those about their assets."""
        return cls.objects.exclude(facts__has_key="asset")


class NodeKey(models.Model):
    """One row is a node's key for one epoch, and how far its chain is linked.

    `head_seq` and `head_chain` are the last linked batch (0 and the genesis value before it);
    `next_digest` commits to the key of the next epoch. `last_seq` is the last number of an epoch
    that a rotation has ended.
    """

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="keys")
    epoch = models.PositiveIntegerField(default=1)
    public_key = models.BinaryField(max_length=32, unique=True)
    keyid = models.CharField(max_length=40, unique=True)
    next_digest = models.CharField(max_length=64)
    head_seq = models.BigIntegerField(default=0)
    head_chain = models.CharField(max_length=64)
    last_seq = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "epoch"], name="metering_nodekey_once_each"),
        ]


class EnrolmentRequest(models.Model):
    """One row is a node that asks to be let in; its code is good for fifteen minutes.

    The device code is kept as a digest only: who reads this table cannot pick up an answer. A node
    for an asset that is shared waits, claimed by one person, until a second one agrees.
    """

    class State(models.TextChoices):
        """Where a request stands; the newest of a key replaces the others."""

        PENDING = "pending", _("waiting")
        CLAIMED = "claimed", _("waits for a second person")
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
    label = models.CharField(max_length=80, blank=True)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="+")
    replaces = models.BooleanField(
        default=False, help_text="the asset’s live node is retired for this one"
    )
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["keyid"])]
        constraints = [
            models.UniqueConstraint(
                fields=["user_code"],
                condition=Q(state__in=["pending", "claimed"]),
                name="metering_enrolmentrequest_code_once",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", node__isnull=False)
                | (~Q(state="approved") & Q(node=None)),
                name="metering_enrolmentrequest_approved_has_node",
            ),
        ]
