"""Tables of tokens that were taken out of a book as signed vouchers."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assets.models import Asset
from tokens.models.books import Book


class Voucher(models.Model):
    """One row is own tokens that lie outside of their book, in a signed file that a node honours.

    `ticket` is the SHA-256 of what was signed: nodes name the voucher by it. `raw` is the amount
    in the meter's unit. `presented` sums what nodes honoured, in millitokens; what goes beyond
    `amount`, or comes after the voucher was given back, is use like any other.
    """

    class State(models.TextChoices):
        """out → given back."""

        OUT = "out", _("taken out")
        BACK = "back", _("given back")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="vouchers")
    amount = models.BigIntegerField(help_text="millitokens")
    raw = models.DecimalField(max_digits=40, decimal_places=0, help_text="in `unit`")
    unit = models.CharField(max_length=12, help_text="By, By.s or us")
    node = models.UUIDField(null=True, help_text="the one node that honours it")
    asset = models.ForeignKey(
        Asset, on_delete=models.PROTECT, null=True, related_name="vouchers",
        help_text="or the asset whose nodes honour it",
    )  # fmt: skip
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(max_length=4, choices=State, default=State.OUT)
    presented = models.BigIntegerField(default=0, help_text="millitokens")
    ticket = models.CharField(max_length=64, unique=True)
    payload = models.BinaryField()
    signature = models.BinaryField(max_length=64)
    keyid = models.CharField(max_length=40)
    key = models.CharField(max_length=80, unique=True)
    issued_at = models.DateTimeField()
    back_at = models.DateTimeField(null=True)
    txn_id = models.BigIntegerField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["book", "state"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, raw__gt=0, presented__gte=0),
                name="tokens_voucher_positive",
            ),
            models.CheckConstraint(
                condition=Q(node__isnull=False, asset=None) | Q(node=None, asset__isnull=False),
                name="tokens_voucher_bound_to_one",
            ),
            models.CheckConstraint(
                condition=Q(not_after__gt=F("not_before")), name="tokens_voucher_slot_not_empty"
            ),
        ]

    @property
    def redeemed(self) -> int:
        """Millitokens used through it, never more than it holds."""
        return min(self.presented, self.amount) if self.state == self.State.OUT else 0

    @property
    def left(self) -> int:
        """Millitokens that it still stands for."""
        return self.amount - self.redeemed if self.state == self.State.OUT else 0

    @property
    def beyond(self) -> int:
        """Millitokens that nodes honoured and the voucher does not cover."""
        return self.presented - self.redeemed
