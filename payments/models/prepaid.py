"""Tables of prepaid balances, of money that went back, and of what payment services told us."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from members.models import Member
from payments.models.charges import Charge, Payment


class PrepaidWish(models.Model):
    """One row says whether a member wants charges to be settled from their prepaid balance."""

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="prepaid_wish")
    settles = models.BooleanField(help_text="whenever the balance covers a charge")
    changed_at = models.DateTimeField(auto_now=True)


class PaymentReturn(models.Model):
    """One row says that the money of a payment went back: booked opposites; append-only.

    `again` is the charge that is owed in place of the one that had been paid, if any.
    """

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="taken_back")
    again = models.OneToOneField(
        Charge, on_delete=models.PROTECT, null=True, related_name="instead_of"
    )
    returned_on = models.DateField()
    reason = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    key = models.CharField(max_length=80, unique=True)
    txn_ids = ArrayField(models.BigIntegerField(), help_text="what was booked")


class ProviderNotice(models.Model):
    """One row is one verified notification of a payment service, and what it led to; append-only.

    `notice` is the service's own name for the fact; the same one twice is one row.
    """

    provider = models.CharField(max_length=40)
    notice = models.CharField(max_length=80)
    reference = models.CharField(max_length=25)
    amount = models.BigIntegerField(help_text="cents")
    received_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="+")
    refusal = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "notice"], name="payments_providernotice_once"
            ),
        ]
