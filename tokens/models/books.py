"""Tables of token books: what is issued, used and settled."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Member
from payments.models import Charge
from tokens.models.periods import Yield


class Book(models.Model):
    """One row is a member's book of tokens of one yield: what was issued, held and used.

    Held are two ledger accounts: own (issued and not yet given, sold or used) and received (gifts
    and purchases not yet used; None before the first). Used tokens lie in the yield's common
    accounts; the book counts what of them is its own: redeemed (from tokens) and overage (beyond).
    """

    yields = models.ForeignKey(
        Yield, on_delete=models.PROTECT, related_name="books", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="books", db_index=False
    )
    issued = models.BigIntegerField(default=0)
    redeemed = models.BigIntegerField(default=0)
    overage = models.BigIntegerField(default=0)
    own_account = models.BigIntegerField(unique=True)
    received_account = models.BigIntegerField(unique=True, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["yields", "member"], name="tokens_book_once_each"),
            models.CheckConstraint(
                condition=Q(redeemed__gte=0, overage__gte=0), name="tokens_book_used_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["member", "yields"])]


class RatingRun(models.Model):
    """One row is one rating: the usage that came with it moved tokens and charges once."""

    yields = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="ratings")
    at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField(null=True)


class Usage(models.Model):
    """One row is a signed amount that a member used; append-only.

    What it refers to is checked by its trigger, a statement at a time, not by foreign keys.

    `key` names its source for ever ("reading:17", "correction:…"), so that a repeat adds nothing.
    """

    class Kind(models.TextChoices):
        """Where the amount comes from."""

        READING = "reading", _("metered")
        CORRECTION = "correction", _("correction")
        VOUCHER = "voucher", _("through a voucher")

    book = models.ForeignKey(
        Book, on_delete=models.PROTECT, related_name="usages", db_index=False, db_constraint=False
    )
    rating = models.ForeignKey(
        RatingRun, on_delete=models.PROTECT, related_name="usages", db_constraint=False
    )
    amount = models.BigIntegerField(help_text="millitokens")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.READING)
    key = models.CharField(max_length=120, unique=True)
    used_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        indexes = [models.Index(fields=["book", "used_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="correction") | Q(amount__gte=0),
                name="tokens_usage_only_corrections_take_back",
            ),
            models.CheckConstraint(
                condition=~Q(kind="correction") | ~Q(reason=""),
                name="tokens_usage_correction_has_reason",
            ),
        ]


class Settlement(models.Model):
    """One row is what the close settled for one book; append-only.

    sold: by auction and matched; own_cost: charge(issued − sold, u); cost_part and profit:
    of everything bought, over all rates.
    """

    book = models.OneToOneField(
        Book, on_delete=models.PROTECT, related_name="settlement", db_constraint=False
    )
    used = models.BigIntegerField()
    redeemed = models.BigIntegerField()
    overage = models.BigIntegerField()
    beyond_limit = models.BigIntegerField(
        default=0, help_text="of the overage, beyond the credit limit"
    )
    matched = models.BigIntegerField(help_text="own tokens sold at the close")
    sold = models.BigIntegerField()
    expired = models.BigIntegerField()
    own_cost = models.BigIntegerField()
    cost_part = models.BigIntegerField()
    profit = models.BigIntegerField()

    @property
    def charge(self) -> Charge | None:
        """What demands it: the member's charge of the period; None where nothing is owed."""
        about = f"period:{self.book.yields.period.code}"
        found = Charge.objects.filter(member_id=self.book.member_id, about=about)
        return found.filter(kind=Charge.Kind.PERIOD).first()
