"""The life of a membership: what happened to it, under which name and address it stood."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.models.register import Member, User


class MemberEvent(models.Model):
    """One row is one change of a member's state, for ever: from what, to what, why, since when.

    `effective_on` is the day from which it holds, `recorded_at` the moment we wrote it down. Of
    two rows that hold on a day, the one recorded later is the truth.
    """

    class Reason(models.TextChoices):
        """Why a state changed."""

        APPLICATION = "application", _("application")
        ADMISSION = "admission", _("admission")
        REFUSAL = "refusal", _("refusal")
        WITHDRAWAL = "withdrawal", _("taken back")
        RESIGNATION = "resignation", _("resignation")
        TRANSFER = "transfer", _("transfer of all shares")
        SUSPENSION = "suspension", _("suspension")
        REINSTATEMENT = "reinstatement", _("reinstatement")
        EXPULSION = "expulsion", _("expulsion")
        DEFAULT = "default", _("default")
        DEATH = "death", _("death")
        DISSOLUTION = "dissolution", _("dissolution of the organisation")
        APPEAL = "appeal", _("appeal upheld")
        CORRECTION = "correction", _("correction of a mistake")
        TAKEOVER = "takeover", _("taken over from an earlier register")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="events")
    from_state = models.CharField(max_length=12, choices=Member.State, blank=True)
    to_state = models.CharField(max_length=12, choices=Member.State)
    reason = models.CharField(max_length=16, choices=Reason)
    text = models.TextField(blank=True, help_text="the reason in words; the member reads it")
    appeal = models.TextField(blank=True, help_text="how and until when the member may appeal")
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=120, blank=True, help_text="proposal:12, import:3, …")
    forgotten_at = models.DateTimeField(null=True, help_text="since when the words are gone")

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["member", "-id"], name="members_event_latest")]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.from_state} → {self.to_state} ({self.reason})"


class Appeal(models.Model):
    """One row is a member's written answer to a decision on them, and what was said to it."""

    event = models.OneToOneField(MemberEvent, on_delete=models.PROTECT, related_name="answered")
    text = models.TextField()
    made_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    forgotten_at = models.DateTimeField(null=True, help_text="since when the words are gone")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"appeal against event {self.event_id}"


class Particulars(models.Model):
    """One row is a name and address as they stand on the register from a day on.

    Of two rows that hold on a day, the one recorded later is the truth. Rows stay; erasure
    replaces what they say of the person and sets `forgotten_at`.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="particulars")
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    born_on = models.DateField(null=True, help_text="of a person; helps to tell two apart")
    valid_from = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=120, blank=True)
    forgotten_at = models.DateTimeField(null=True, help_text="since when the person is gone")

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["member", "-id"], name="members_particulars_latest")]

    def __str__(self) -> str:
        return f"{self.name} from {self.valid_from}"


class NumberVoid(models.Model):
    """One row is a number that nobody holds or ever will, and why: the gap is explained.

    `kind` is "member", or whatever an upper app numbers ("title:<pool>").
    """

    kind = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    source = models.CharField(max_length=120, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="members_void_once"),
            models.CheckConstraint(
                condition=models.Q(number__gt=0), name="members_void_is_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.reason}"
