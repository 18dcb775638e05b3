"""Tables of what is to be paid out, to which account, and who approved it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.models import Member


class BankAccount(models.Model):
    """One row is the account that a member wants to be paid on, from a moment; append-only.

    The latest row holds. The IBAN stands without spaces and has passed its own check.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="bank_accounts")
    holder = models.CharField(max_length=70)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    since = models.DateTimeField(default=timezone.now)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True, help_text="where another than the member")

    class Meta:
        indexes = [models.Index(fields=["member", "-id"])]

    def __str__(self) -> str:
        return self.masked

    @property
    def masked(self) -> str:
        """Country and the last four characters: enough to know one's own account by."""
        return f"{self.iban[:2]}·· ···· {self.iban[-4:]}" if self.iban else "–"


class Payout(models.Model):
    """One row is a sum that the cooperative owes a member and will pay to their account.

    The liability (`payable`) is booked by who asks for the payout; executing it books payable
    against the purse. `round` counts the attempts: an approval counts for its own round only.
    """

    class Kind(models.TextChoices):
        """What the money is for."""

        REDEMPTION = "redemption", _("shares given back")
        CREDIT = "credit", _("credit paid out")
        REFUND = "refund", _("money sent back")
        PREPAID = "prepaid", _("prepaid balance paid out")

    class State(models.TextChoices):
        """Where a payout stands."""

        REQUESTED = "requested", _("waits for approval")
        APPROVED = "approved", _("approved by two")
        ORDERED = "ordered", _("ordered at the bank")
        EXECUTED = "executed", _("paid out")
        RETURNED = "returned", _("came back")
        CANCELLED = "cancelled", _("cancelled")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="payouts")
    amount = models.BigIntegerField(help_text="cents")
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=140)
    purse_account_id = models.BigIntegerField(help_text="the ledger account that pays")
    source_account_id = models.BigIntegerField(
        null=True, help_text="the ledger account that a cancelled payout goes back to"
    )
    reference = models.CharField(max_length=35, unique=True, help_text="end-to-end, PO…")
    key = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    round = models.PositiveSmallIntegerField(default=1)
    account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="what the approvals of this round are for",
    )  # fmt: skip
    requested_at = models.DateTimeField(default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    executed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payments_payout_positive"),
            models.CheckConstraint(
                condition=Q(executed_on=None) | Q(state="executed"),
                name="payments_payout_day_when_executed",
            ),
        ]
        indexes = [models.Index(fields=["state", "id"]), models.Index(fields=["member", "-id"])]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount}"


class PayoutApproval(models.Model):
    """One row is one treasurer's yes to this sum on this account, in this round; append-only.

    The database refuses the payee, who is no treasurer, and the same person twice.
    """

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="approvals")
    round = models.PositiveSmallIntegerField()
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was approved, hex")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout", "round", "user"], name="payments_approval_once_each"
            ),
        ]


class PayoutEvent(models.Model):
    """One row is one step in a payout's life, with its booking where there is one; append-only."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=10, choices=Payout.State)
    round = models.PositiveSmallIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    day = models.DateField(null=True, help_text="the day at the bank")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, blank=True)
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="payments_payoutevent_key_once"
            ),
        ]
