"""The table of letters that go by mail."""

from django.db import models
from django.utils import timezone

from members.models import Member


class Mail(models.Model):
    """One row is one letter to one member, which goes once.

    It is claimed before it is handed to the mail server: one that was claimed and never marked as
    sent may or may not have gone, and a person decides. `key` names its occasion.
    """

    key = models.CharField(max_length=120, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="mails")
    address = models.EmailField(blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    file_name = models.CharField(max_length=80, blank=True)
    file = models.BinaryField(default=b"")
    made_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(claimed_at=None), name="payments_mail_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.key
