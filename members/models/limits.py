"""The table of limits: times in which a member hands nothing on."""

from django.db import models
from django.db.models import F, Q

from members.models.register import Member


class MemberLimit(models.Model):
    """One row is a time in which a member hands on none of their tokens, and what decided it.

    Half-open, [since, until); `ended_at` is earlier, where it was lifted. They use, own, read and
    vote as before.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="limits")
    since = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=80, unique=True, help_text="what decided it")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("since")), name="members_memberlimit_ends_by_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.source
