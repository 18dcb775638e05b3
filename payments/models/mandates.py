"""Tables of direct debit mandates: given, changed and ended by the member."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.models import Member


class Mandate(models.Model):
    """One row is a member's permission to collect what they owe from an account (SEPA CORE).

    It stands as it was signed, with the text that the member agreed to; an account changed is an
    amendment. `collected_on` is the day of the first collection: none yet means the next is FRST.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="mandates")
    reference = models.CharField(max_length=35, unique=True, help_text="MD…")
    holder = models.CharField(max_length=70)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    signed_on = models.DateField()
    consent = models.TextField(help_text="the words that the member agreed to")
    language = models.CharField(max_length=8)
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    collected_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at=None), name="payments_mandate_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def masked(self) -> str:
        """Country and the last four characters of the account."""
        return f"{self.iban[:2]}·· ···· {self.iban[-4:]}" if self.iban else "–"


class MandateAmendment(models.Model):
    """One row says that a mandate collects from another account since; the bank is told once."""

    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="amendments")
    old_iban = models.CharField(max_length=34)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    told_in = models.CharField(
        max_length=35, blank=True, help_text="the file that told the bank, by its message id"
    )
