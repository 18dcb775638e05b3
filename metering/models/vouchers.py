"""What nodes said that they gave for vouchers, and what stewards said about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from metering.fields import WholeNumberField
from metering.models.evidence import Envelope
from tokens.models import Voucher


class VoucherPresentation(models.Model):
    """One row is one `redeem` record: a node gave `quantity` of `unit` for a voucher.

    Counted once, as the usage "voucher:<id>": `amount` millitokens, the difference that it makes
    to the rounded-down total of its voucher, which stood at `raw_before`. `beyond` is the part
    that the voucher does not cover any more: it was presented twice.
    """

    class State(models.TextChoices):
        """waiting → counted | late, late → counted; refused stays: evidence only."""

        WAITING = "waiting", _("waits for its period")
        COUNTED = "counted", _("counted")
        LATE = "late", _("late, not charged yet")
        REFUSED = "refused", _("not charged")

    class Why(models.TextChoices):
        """Why a record is evidence only."""

        UNKNOWN = "unknown", _("no voucher of ours has this ticket")
        WRONG_NODE = "wrong_node", _("the voucher is bound to another node")
        OUTSIDE = "outside", _("outside of the voucher’s time")
        NO_TIME = "no_time", _("the node did not know the time")
        WRONG_UNIT = "wrong_unit", _("counted in another unit")

    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="presentations")
    position = models.PositiveIntegerField(help_text="n of the record in its batch")
    ticket = models.CharField(max_length=64)
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="presentations"
    )
    quantity = WholeNumberField(max_digits=20)
    unit = models.CharField(max_length=12)
    at = models.DateTimeField(null=True, help_text="when the node gave it, by its clock")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    why = models.CharField(max_length=12, choices=Why, blank=True)
    raw_before = WholeNumberField(max_digits=40, null=True)
    amount = models.BigIntegerField(null=True, help_text="millitokens")
    beyond = models.BigIntegerField(null=True, help_text="millitokens the voucher does not cover")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["envelope", "position"], name="metering_presentation_once_each"
            ),
            models.CheckConstraint(
                condition=(Q(state="refused") & ~Q(why=""))
                | (~Q(state="refused") & Q(why="", voucher__isnull=False)),
                name="metering_presentation_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="counted", raw_before__isnull=False, amount__gte=0, beyond__gte=0)
                | (~Q(state="counted") & Q(raw_before=None, amount=None, beyond=None)),
                name="metering_presentation_counted_has_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["voucher", "id"]),
            models.Index(fields=["envelope"], condition=Q(state="waiting"),
                         name="metering_presentation_waiting"),
            models.Index(fields=["voucher"], condition=Q(beyond__gt=0),
                         name="metering_presentation_double"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"voucher:{self.pk}"


class VoucherReview(models.Model):
    """One row says that a steward has looked at a voucher that was presented twice; append-only.

    `upto` is the newest presentation that they saw: a later one asks again.
    """

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="reviews")
    upto = models.BigIntegerField()
    note = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
