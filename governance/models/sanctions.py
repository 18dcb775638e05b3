"""Tables of sanctions, which end by themselves, and of the appeals against them (R19)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models import Member


class Sanction(models.Model):
    """One row is one step of the ladder against a member: who, why, until when.

    It ends at `until`, or at `ended_at` where a panel or the stewards ended it earlier. `nonce` is
    the site's part of the lot of a panel: drawn with the sanction, kept to itself until there is
    an appeal; `commitment`, its SHA-256, is told at once.
    """

    class Step(models.TextChoices):
        """The ladder; no step is left out within the time that policy says."""

        WARN = "warn", _("warning")
        LIMIT = "limit", _("limit")
        SUSPEND = "suspend", _("suspension")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="sanctions")
    step = models.CharField(max_length=8, choices=Step)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=80, blank=True)
    key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=400, blank=True)
    nonce = models.CharField(max_length=64, blank=True, db_default="")
    commitment = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("at")), name="governance_sanction_ends_by_itself"
            ),
        ]


class SanctionAppeal(models.Model):
    """One row is a member's appeal, before a panel drawn by lot; one per sanction.

    `draw` is what the lot was drawn from: seed, the people it could fall on (by number), order.
    """

    class Result(models.TextChoices):
        """What the panel decided; a tie ends the sanction."""

        UPHELD = "upheld", _("the sanction stands")
        ENDED = "ended", _("the sanction ends")

    sanction = models.OneToOneField(Sanction, on_delete=models.PROTECT, related_name="appeal")
    text = models.TextField()
    at = models.DateTimeField()
    draw = models.JSONField()
    until = models.DateTimeField(help_text="then what was voted counts")
    result = models.CharField(max_length=6, choices=Result, blank=True)
    decided_at = models.DateTimeField(null=True)


class Panelist(models.Model):
    """One row is a member whom the lot drew for a panel, and how they voted."""

    appeal = models.ForeignKey(SanctionAppeal, on_delete=models.PROTECT, related_name="panel")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    declined_at = models.DateTimeField(null=True)
    vote = models.CharField(max_length=6, choices=SanctionAppeal.Result, blank=True)
    reason = models.TextField(blank=True)
    voted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "member"], name="governance_panelist_once"),
        ]
