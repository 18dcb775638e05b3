"""What members dispute of their metered use, and what two ends of a link contradict in."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from assets.models import Pool, Resource
from members.models import Member
from metering.models.evidence import Envelope
from metering.models.links import LinkPair
from metering.models.readings import Reading
from tokens.models import Usage


class Dispute(models.Model):
    """One row says that a member doubts a reading, or all of a day's; answered once, with a reason.

    Nothing is dropped for it: the readings stand. Where the member was right, a steward books a
    correction of the usage, which the answer names. With `link` the machine opened it, because
    the ends of a link contradict each other; then `member`, `pool` and `resource` are whose use
    is concerned, all three or none.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="disputes")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True, related_name="+")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, null=True, related_name="+")
    link = models.ForeignKey(LinkPair, on_delete=models.PROTECT, null=True, related_name="disputes")
    day = models.DateField(help_text="in the cooperative's time zone")
    reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, null=True, related_name="disputes", db_constraint=False,
        help_text="the one that is doubted; none: the whole day",
    )  # fmt: skip
    reason = models.CharField(max_length=400)
    key = models.CharField(max_length=80, unique=True)
    raised_at = models.DateTimeField(auto_now_add=True)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answer = models.CharField(max_length=400, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    correction = models.ForeignKey(Usage, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="metering_dispute_has_reason"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, correction=None)
                | ~Q(answer="") & Q(answered_at__isnull=False),
                name="metering_dispute_answer_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(member__isnull=False, pool__isnull=False, resource__isnull=False)
                | Q(member=None, pool=None, resource=None, reading=None, link__isnull=False),
                name="metering_dispute_is_about_use_or_link",
            ),
            models.UniqueConstraint(
                fields=["link"],
                condition=Q(answered_at=None, link__isnull=False),
                name="metering_dispute_one_open_per_link",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(answered_at=None), name="metering_dispute_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"dispute:{self.pk}"


class DisputeEnvelope(models.Model):
    """One row attaches a batch to a dispute: what one side signed; append-only."""

    class Side(models.TextChoices):
        """Which end of the link signed."""

        A = "a", "A"
        B = "b", "B"

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="evidence")
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=1, choices=Side)

    class Meta:
        ordering = ["side", "envelope"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "envelope"], name="metering_disputeenvelope_once_each"
            ),
        ]
