"""Delivery notes: what a member is said to have used on a day, which they accept or refuse."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from metering.models.disputes import Dispute
from metering.models.nodes import Node
from metering.models.readings import MeterAssignment


class Countersigning(models.Model):
    """One row says that an assignment's use is put before the member, from `since` to `until`."""

    assignment = models.OneToOneField(
        MeterAssignment, on_delete=models.PROTECT, related_name="countersigning"
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="metering_countersigning_until_after_since",
            ),
        ]


class DeliveryNote(models.Model):
    """One row is what an assignment came to on one day, put before its member; answered once.

    What comes in after a note was written stands on a further note of the same day (`number`).
    `signed` is the answer as the member, or a node of theirs, signed it.
    """

    class State(models.TextChoices):
        """open → accepted | silent | refused."""

        OPEN = "open", _("waits for your answer")
        ACCEPTED = "accepted", _("accepted")
        SILENT = "silent", _("accepted by silence")
        REFUSED = "refused", _("refused")

    assignment = models.ForeignKey(MeterAssignment, on_delete=models.PROTECT, related_name="notes")
    day = models.DateField(help_text="in the cooperative's time zone")
    number = models.PositiveSmallIntegerField(default=1)
    amount = models.BigIntegerField(help_text="millitokens")
    made_at = models.DateTimeField()
    due = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    signed = models.BinaryField(null=True, help_text="the answer as it was signed, JSON")
    node = models.ForeignKey(Node, on_delete=models.PROTECT, null=True, related_name="+")
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, related_name="notes")

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "day", "number"], name="metering_deliverynote_once_each"
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="metering_deliverynote_answered",
            ),
            models.CheckConstraint(
                condition=Q(state="refused", dispute__isnull=False)
                | (~Q(state="refused") & Q(dispute=None)),
                name="metering_deliverynote_refusal_is_dispute",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due"], condition=Q(state="open"), name="metering_deliverynote_open"
            ),
        ]

    def __str__(self) -> str:
        return f"note:{self.pk}"
