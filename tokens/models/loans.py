"""Tables of tokens that are lent with a stated moment of return."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tokens.models.books import Book


class Loan(models.Model):
    """One row is own tokens that one member lends to another until a moment of the same period.

    `returned`: what came back of the borrowed tokens themselves, the lender's own again.
    `repaid`: what the borrower gave of their own instead. The rest of `amount` is outstanding.
    """

    class State(models.TextChoices):
        """offered → running → back, or owing where the return found too little."""

        OFFERED = "offered", _("waiting for acceptance")
        RUNNING = "running", _("lent")
        OWING = "owing", _("not all came back")
        BACK = "back", _("returned")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    lender = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="loans_given")
    borrower = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="loans_taken")
    amount = models.BigIntegerField(help_text="millitokens")
    returned = models.BigIntegerField(default=0, help_text="millitokens")
    repaid = models.BigIntegerField(default=0, help_text="millitokens")
    due_at = models.DateTimeField(help_text="when it goes back by itself")
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True, help_text="when the last of it came back")
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="running"), name="tokens_loan_running"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, returned__gte=0, repaid__gte=0)
                & Q(amount__gte=F("returned") + F("repaid")),
                name="tokens_loan_back_within_amount",
            ),
            models.CheckConstraint(
                condition=~Q(lender=F("borrower")), name="tokens_loan_not_to_oneself"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("running", "owing", "back")) | Q(returned=0, repaid=0),
                name="tokens_loan_back_only_when_lent",
            ),
            models.CheckConstraint(
                condition=~Q(state="back") | Q(amount=F("returned") + F("repaid")),
                name="tokens_loan_back_is_all",
            ),
        ]

    @property
    def outstanding(self) -> int:
        """Millitokens that are lent and not back."""
        lent = self.state in (self.State.RUNNING, self.State.OWING)
        return self.amount - self.returned - self.repaid if lent else 0
