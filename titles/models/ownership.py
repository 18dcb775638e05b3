"""Tables of ownership: subscriptions, signed titles, lots of equity credit, conversions."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from members.models import Member
from payments.models import Charge


class Subscription(models.Model):
    """One row is a member's wish to buy n treasury units of a pool at the issue price.

    While it `holds`, which ends with the day its charge is due, nobody else is offered the same
    units. The payment decides: `issued` units were found at `issue_price`, what is left of the
    money became equity credit. Not paid after a time of grace, the reservation expires.
    """

    class State(models.TextChoices):
        """reserved → issued, or credited where too few units were there, or let go."""

        RESERVED = "reserved", _("waiting for payment")
        ISSUED = "issued", _("issued")
        CREDITED = "credited", _("paid, waiting for shares")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("not paid in time")

    LET_GO = (State.CANCELLED, State.EXPIRED)

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="subscriptions")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="subscriptions")
    count = models.BigIntegerField(help_text="units")
    price = models.BigIntegerField(help_text="cents per unit")
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    holds = models.BooleanField(default=True, help_text="keeps its units from others")
    issued = models.BigIntegerField(default=0, help_text="units that the payment found")
    issue_price = models.BigIntegerField(default=0, help_text="cents per unit issued")
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="subscription")
    title = models.OneToOneField(
        "Title", on_delete=models.PROTECT, null=True, related_name="subscription"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0, price__gt=0), name="titles_subscription_positive"
            ),
            models.CheckConstraint(
                condition=Q(issued__gte=0, issued__lte=F("count")),
                name="titles_subscription_issued_within_count",
            ),
        ]
        indexes = [models.Index(fields=["pool", "state"])]

    def __str__(self) -> str:
        return f"{self.count} of {self.pool_id}"

    @property
    def credited(self) -> int:
        """Cents of the payment that found no unit."""
        is_paid = self.state in (self.State.ISSUED, self.State.CREDITED)
        return self.count * self.price - self.issued * self.issue_price if is_paid else 0


class TitleCounter(models.Model):
    """The one row holds the number that the next title gets; locked while numbers are given."""

    next_number = models.BigIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="titles_titlecounter_only_one"),
        ]


class Title(models.Model):
    """One row is a numbered, signed certificate over n units of one pool held by one member.

    `envelope` is the signed DSSE document, byte for byte as it was given out. It names the holder
    by member number and by a salted hash of the name; with `salt` the holder can prove the name.
    The document cites `reference`; that it leads to `txn_id` is known here only.
    """

    class State(models.TextChoices):
        """A title is live until a later fact ends it, once and for good."""

        LIVE = "live", _("valid")
        TRANSFERRED = "transferred", _("passed on")
        CANCELLED = "cancelled", _("cancelled")

    class Origin(models.TextChoices):
        """How the units came to the member."""

        PURCHASE = "purchase", _("bought")
        CONVERSION = "conversion", _("from what was paid above cost")
        FOUNDING = "founding", _("founding share")
        SPLIT = "split", _("what was left of an earlier title")
        TRANSFER = "transfer", _("transferred")
        GIFT = "gift", _("given")
        INHERITANCE = "inheritance", _("inherited")
        CONTRIBUTION = "contribution", _("contribution in kind")
        CAMPAIGN = "campaign", _("paid ahead for something planned")
        IMPORT = "import", _("from an earlier register")

    number = models.BigIntegerField(unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="titles")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="titles")
    units = models.BigIntegerField()
    capital = models.BigIntegerField(default=0, help_text="cents paid in for these units")
    origin = models.CharField(max_length=12, choices=Origin)
    state = models.CharField(max_length=12, choices=State, default=State.LIVE)
    issued_at = models.DateTimeField(help_text="from when it counts")
    recorded_at = models.DateTimeField(auto_now_add=True, help_text="when we knew")
    ended_at = models.DateTimeField(null=True, help_text="to when it counts, exclusive")
    end_recorded_at = models.DateTimeField(null=True, help_text="when we knew of the end")
    end_txn_id = models.BigIntegerField(null=True)
    envelope = models.BinaryField()
    salt = models.BinaryField()
    reference = models.UUIDField(
        unique=True, default=uuid.uuid4, help_text="random; what the signed document cites"
    )
    txn_id = models.BigIntegerField(help_text="the ledger transaction that moved the units")

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["member", "pool", "state"])]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="titles_title_units_positive"),
            models.CheckConstraint(
                condition=Q(capital__gte=0), name="titles_title_capital_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(state="live", ended_at=None, end_recorded_at=None, end_txn_id=None)
                | Q(
                    ~Q(state="live"),
                    ended_at__gte=F("issued_at"),
                    end_recorded_at__gte=F("recorded_at"),
                    end_txn_id__isnull=False,
                ),
                name="titles_title_ends_once_and_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"No. {self.number:04d}"


class TitleLink(models.Model):
    """One row says that so many units of one title went on in another: the chain, both ways."""

    earlier = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="later_links")
    later = models.ForeignKey(Title, on_delete=models.PROTECT, related_name="earlier_links")
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="titles_titlelink_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="titles_titlelink_positive"),
            models.CheckConstraint(
                condition=Q(later__gt=F("earlier")), name="titles_titlelink_forward"
            ),
        ]


class CreditLot(models.Model):
    """One row is equity credit of one member in one pool that arose in one period.

    What is left of it is the balance of its ledger account, and nothing else.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="credit_lots")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=10, help_text="code of the period in which it arose")
    account_id = models.BigIntegerField(unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "pool", "period"], name="titles_creditlot_one_per_period"
            ),
        ]


class Conversion(models.Model):
    """One row is one round in which equity credit of a pool became units."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="conversions")
    key = models.CharField(max_length=80, unique=True)
    period = models.CharField(max_length=10)
    price = models.BigIntegerField(help_text="cents per unit")
    units = models.BigIntegerField()
    held_at = models.DateTimeField(auto_now_add=True)
    txn_id = models.BigIntegerField()


class ConversionShare(models.Model):
    """One row is what one member got in one round: units, and the credit they used."""

    conversion = models.ForeignKey(Conversion, on_delete=models.PROTECT, related_name="shares")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="conversion_shares")
    units = models.BigIntegerField()
    title = models.OneToOneField(Title, on_delete=models.PROTECT, related_name="conversion_share")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversion", "member"], name="titles_conversionshare_once"
            ),
        ]
