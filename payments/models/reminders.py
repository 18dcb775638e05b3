"""Tables of what is done when a charge is not paid in time."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.models import Member
from payments.models.charges import Charge


class Reminder(models.Model):
    """One row is one step taken for one overdue charge; append-only, each step once.

    `days` and `fee` are what the policy said when the charge was raised.
    """

    class Step(models.IntegerChoices):
        """The steps in their order."""

        FIRST = 1, _("reminder")
        SECOND = 2, _("second reminder")
        NOTICE = 3, _("notice of default")

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="reminders")
    step = models.PositiveSmallIntegerField(choices=Step)
    taken_on = models.DateField()
    days = models.PositiveSmallIntegerField(help_text="days after the due day")
    fee = models.BigIntegerField(default=0, help_text="cents")
    fee_charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="fee_of"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charge", "step"], name="payments_reminder_step_once"),
            models.CheckConstraint(
                condition=Q(fee=0) | Q(fee__gt=0, fee_charge__isnull=False),
                name="payments_reminder_fee_has_charge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charge_id}: {self.step}"


class ReminderStop(models.Model):
    """One row holds the reminders of a charge, or lets them go on; append-only, the last holds."""

    class Kind(models.TextChoices):
        """What holds the reminders."""

        PAUSED = "paused", _("paused by a treasurer")
        DISPUTED = "disputed", _("disputed by the member")
        RESUMED = "resumed", _("goes on")

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="stops")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=400)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )


class MemberDefault(models.Model):
    """One row says that a member did not pay a charge after every step; append-only.

    It holds as long as the charge is open.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="defaults")
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="default")
    since = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
