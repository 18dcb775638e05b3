"""Storage challenges: whether a node still holds what a member gave it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from metering.models.readings import MeterAssignment


class StorageChallenge(models.Model):
    """One row asks once for sha256(nonce ‖ block) of a file below the measured folder.

    The digest was worked out by who stores the data, before they handed it over.
    """

    class State(models.TextChoices):
        """waiting → issued → passed | failed."""

        WAITING = "waiting", _("not asked yet")
        ISSUED = "issued", _("asked")
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")

    class Why(models.TextChoices):
        """What was wrong with an answer."""

        WRONG = "wrong", _("the block is another one")
        LATE = "late", _("the answer came too late")
        NONE = "none", _("no answer came")

    assignment = models.ForeignKey(
        MeterAssignment, on_delete=models.PROTECT, related_name="challenges"
    )
    name = models.CharField(max_length=400, help_text="path below the measured folder")
    offset = models.BigIntegerField()
    length = models.PositiveIntegerField()
    nonce = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    why = models.CharField(max_length=5, choices=Why, blank=True)
    issued_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True, help_text="the answer as the node signed it, JSON")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "nonce", "offset", "name"],
                name="metering_storagechallenge_once_each",
            ),
            models.CheckConstraint(
                condition=Q(offset__gte=0, length__gte=1024, length__lte=1_048_576),
                name="metering_storagechallenge_block",
            ),
            models.CheckConstraint(
                condition=Q(state="failed", why__in=["wrong", "late", "none"])
                | (~Q(state="failed") & Q(why="")),
                name="metering_storagechallenge_why",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", issued_at=None, until=None)
                | (~Q(state="waiting") & Q(issued_at__isnull=False, until__isnull=False)),
                name="metering_storagechallenge_issued",
            ),
        ]
        indexes = [
            models.Index(
                fields=["until"], condition=Q(state="issued"), name="metering_challenge_issued"
            ),
        ]

    def __str__(self) -> str:
        return f"challenge:{self.pk}"
