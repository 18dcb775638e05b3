"""Tables of what members hand on to each other."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tokens.models.books import Book


class Gift(models.Model):
    """One row is own tokens that one member gave to another within a period."""

    class State(models.TextChoices):
        """A gift moves only when it is accepted."""

        OFFERED = "offered", _("waiting for acceptance")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    giver = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="gifts_given")
    receiver = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="gifts_received")
    amount = models.BigIntegerField(help_text="millitokens")
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="tokens_gift_positive"),
            models.CheckConstraint(
                condition=~Q(giver=F("receiver")), name="tokens_gift_not_to_oneself"
            ),
        ]
