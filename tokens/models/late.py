"""Tables of usage that came after the close of its period, and of what members allow themselves."""

from django.db import models
from django.db.models import Q

from members.models import Member
from payments.models import Charge
from tokens.models.books import Book, Usage
from tokens.models.periods import Yield


class Adjustment(models.Model):
    """One row is what one late usage changed in a closed book, booked in the period then open.

    `from_expired` was taken from tokens that had expired (or, below zero, given back to them),
    `over` went beyond them; both are millitokens and sum to the amount of the usage. `cost_part`
    and `profit` are cents at the closed period's w and P. Append-only.
    """

    usage = models.OneToOneField(Usage, on_delete=models.PROTECT, related_name="adjustment")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="adjustments")
    booked_in = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="late")
    from_expired = models.BigIntegerField()
    over = models.BigIntegerField()
    cost_part = models.BigIntegerField()
    profit = models.BigIntegerField()


class LateCharge(models.Model):
    """One row is what the late usage of one closed book came to at the close that charged it.

    The sums of its adjustments: below zero is given back. Of the cost part that is given back
    `to_prepaid` cents did not fit into the period's charge and are prepaid; what of the profit was
    given back is a CreditReturn with the key "late:<id>". Append-only.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="late_charges")
    booked_in = models.ForeignKey(Yield, on_delete=models.PROTECT, related_name="late_charges")
    over = models.BigIntegerField(help_text="millitokens")
    cost_part = models.BigIntegerField()
    profit = models.BigIntegerField()
    to_prepaid = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "booked_in"], name="tokens_latecharge_once"),
            models.CheckConstraint(
                condition=Q(to_prepaid__gte=0), name="tokens_latecharge_prepaid_positive"
            ),
        ]

    @property
    def charge(self) -> Charge | None:
        """What demands it, or has it taken off; None where nothing was owed."""
        about = f"period:{self.booked_in.period.code}"
        found = Charge.objects.filter(member_id=self.book.member_id, about=about)
        return found.filter(kind=Charge.Kind.PERIOD).exclude(state=Charge.State.RETURNED).first()


class OverageWish(models.Model):
    """One row says whether a member lets themselves use more than their tokens."""

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="overage_wish")
    may_go_over = models.BooleanField()
    changed_at = models.DateTimeField(auto_now=True)
