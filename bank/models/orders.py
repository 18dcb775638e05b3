"""Tables of orders that go to the bank: files, and what stands in them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from payments.models import Charge, Mandate, Payout


class OrderFile(models.Model):
    """One row is a file made for the bank, kept byte for byte; append-only.

    It is made once: downloading it again gives the same bytes, of which `sha256` is the digest.
    """

    message_id = models.CharField(max_length=35, unique=True)
    day = models.DateField(help_text="execution of payouts, collection of debits")
    key = models.CharField(max_length=80, unique=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    count = models.PositiveIntegerField()
    total = models.BigIntegerField(help_text="cents")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.message_id

    @property
    def file_name(self) -> str:
        """What the file is called on a disk."""
        return f"{self.message_id}.xml"


class PaymentOrder(OrderFile):
    """One row is a credit transfer file (pain.001.001.09) of payouts that two approved."""


class PaymentOrderItem(models.Model):
    """One row is one payout in a file; the database keeps a payout's round out of a second one."""

    order = models.ForeignKey(PaymentOrder, on_delete=models.PROTECT, related_name="items")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="orders")
    round = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout", "round"], name="bank_paymentorderitem_once_a_round"
            ),
        ]


class CollectionOrder(OrderFile):
    """One row is a direct debit file (pain.008.001.08) of charges of members with a mandate."""

    creditor = models.CharField(max_length=35, help_text="creditor identifier")


class CollectionItem(models.Model):
    """One row is one charge in such a file; one that did not come back stands in one file only."""

    class Sequence(models.TextChoices):
        """Whether it is the first collection under its mandate."""

        FIRST = "FRST", "FRST"
        RECURRENT = "RCUR", "RCUR"

    order = models.ForeignKey(CollectionOrder, on_delete=models.PROTECT, related_name="items")
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="collections")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="collections")
    sequence = models.CharField(max_length=4, choices=Sequence)
    returned_on = models.DateField(null=True)
    reason_code = models.CharField(max_length=4, blank=True)
    return_key = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["charge"],
                condition=Q(returned_on=None),
                name="bank_collectionitem_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["return_key"],
                condition=~Q(return_key=""),
                name="bank_collectionitem_return_once",
            ),
        ]
