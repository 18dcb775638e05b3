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
