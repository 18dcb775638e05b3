"""What the site keeps of deliveries beside the evidence itself: refusals, and files' answers."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from metering.models.nodes import Node


class Refusal(models.Model):
    """One row counts how often envelopes under a node's key were refused for one reason.

    One row for each node and code, so the table never grows beyond nodes times codes. Whoever
    knows a keyid can post under it: a refusal says that somebody tried, not that the node did.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="refusals")
    code = models.CharField(max_length=40, help_text="docs/metering-protocol.md, section 2")
    detail = models.CharField(max_length=200, blank=True, help_text="of the last one")
    times = models.BigIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(fields=["node", "code"], name="metering_refusal_once_each"),
            models.CheckConstraint(
                condition=Q(times__gt=0) & Q(last_at__gte=models.F("first_at")),
                name="metering_refusal_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.times})"


class FileDelivery(models.Model):
    """One row is a file of batches that somebody brought, and what was answered to each.

    `answer` is the `.coopreceipts` file in gzip: one result a line, as section 6 of
    docs/metering-protocol.md has them. Only a few of each user's newest are kept: bringing the
    file again gives the same answer.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="file_deliveries"
    )
    name = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)
    envelopes = models.PositiveIntegerField()
    answer = models.BinaryField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
