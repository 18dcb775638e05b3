"""Tables of what is owed and what was paid."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models import Member


class Charge(models.Model):
    """One row is a demand for one sum under one reference; its lines say what for.

    A subscription's charge is an offer to pay (nothing is owed before the payment); a period's
    charge stands in the books as a receivable from the start. Where the money of a paid charge goes
    back, the charge ends as returned, and what is owed is raised again under a new reference.
    """

    class Kind(models.TextChoices):
        """What a charge is for."""

        SUBSCRIPTION = "subscription", _("shares")
        PERIOD = "period", _("use and cost of a period")
        PREPAID = "prepaid", _("prepaid balance")
        FEE = "fee", _("reminder fee")
        CAMPAIGN = "campaign", _("paid ahead for something planned")

    class State(models.TextChoices):
        """Where a charge stands."""

        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")
        RETURNED = "returned", _("the money went back")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=80, help_text="period:2026-06, or pool:backbone")
    reference = models.CharField(max_length=25, unique=True, help_text="ISO 11649, RF…")
    amount = models.BigIntegerField(help_text="cents")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    due = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payments_charge_amount_positive"
            ),
            models.UniqueConstraint(
                fields=["member", "kind", "about"],
                condition=Q(kind="period") & ~Q(state="returned"),
                name="payments_charge_once_a_period",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due"]),
            models.Index(fields=["kind", "about", "state"]),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount}"

    @property
    def cost(self) -> int:
        """Cents of the cost part of all lines."""
        return sum(line.cost for line in self.lines.all())

    @property
    def profit(self) -> int:
        """Cents of all lines that are the payer's own equity."""
        return sum(line.profit for line in self.lines.all())


OWED_KINDS = (Charge.Kind.PERIOD, Charge.Kind.FEE)
"""Charges that stand in the books as owed from the start; the others are offers to pay."""


class ChargeLine(models.Model):
    """One row is one part of a charge: quantity × rate = amount, of which so much is profit.

    `fund` names the purse that the cost part belongs to (a pool's code). An adjustment names the
    closed period that it is for; below zero it takes off what was charged too much.
    """

    class Kind(models.TextChoices):
        """What a line stands for."""

        UNITS = "units", _("shares bought")
        OWN = "own", _("own allocation at cost")
        PURCHASE = "purchase", _("beyond the allocation")
        PREPAID = "prepaid", _("paid ahead")
        FEE = "fee", _("reminder fee")
        ADJUSTMENT = "adjustment", _("used in a closed period, counted late")

    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, related_name="lines", db_constraint=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    fund = models.CharField(max_length=40)
    resource = models.CharField(max_length=40, blank=True)
    quantity = models.BigIntegerField(help_text="millitokens, or units")
    rate = models.BigIntegerField(help_text="micro-cents per token, or cents per unit")
    cost_rate = models.BigIntegerField(default=0, help_text="micro-cents per token: the cost part")
    cost = models.BigIntegerField(help_text="cents")
    profit = models.BigIntegerField(default=0, help_text="cents: the payer's own equity")
    period = models.CharField(
        max_length=10, blank=True, default="", help_text="the closed one that an adjustment is for"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="adjustment", profit__gte=0) | Q(cost__gte=0, profit__gte=0),
                name="payments_chargeline_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(kind="adjustment") | ~Q(period=""),
                name="payments_chargeline_adjustment_names_period",
            ),
        ]


class Payment(models.Model):
    """One row is money that arrived for one charge; append-only.

    `profit` is the part of it that the payer paid above cost, which becomes equity credit. `source`
    says where the money came from, `source_about` which line of a statement or which notification.
    """

    class Source(models.TextChoices):
        """Where the money came from."""

        HAND = "hand", _("marked by hand")
        BANK = "bank", _("bank statement")
        PREPAID = "prepaid", _("prepaid balance")
        PROVIDER = "provider", _("payment service")

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="payment")
    amount = models.BigIntegerField(help_text="cents")
    profit = models.BigIntegerField(default=0, help_text="cents")
    received_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    key = models.CharField(max_length=80, unique=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.HAND)
    source_about = models.CharField(max_length=120, blank=True, default="")
    txn_id = models.BigIntegerField(help_text="the ledger transaction that booked the money")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_payment_positive"),
            models.CheckConstraint(
                condition=Q(profit__gte=0, profit__lte=F("amount")),
                name="payments_payment_profit_is_a_part",
            ),
        ]


class CreditReturn(models.Model):
    """One row is profit that a correction of use gave back out of open equity credit; append-only.

    The credit ends, its cash leaves the growth fund, and the member has it as prepaid balance.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="credit_returns")
    fund = models.CharField(max_length=40, help_text="the code of the pool")
    amount = models.BigIntegerField(help_text="cents")
    about = models.CharField(max_length=80, help_text="period:2026-05, the one that was corrected")
    key = models.CharField(max_length=120, unique=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payments_creditreturn_positive"
            ),
        ]
