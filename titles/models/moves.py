"""Tables of units on their way: drafts, the waiting list, offers to members, inheritance."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from members.models import Member
from titles.models.ownership import Subscription


class Position(models.Model):
    """One row is how much of a pool one member holds and has coming; the database keeps it.

    `held` are the units of live titles; `pending` those of reservations and of units offered from
    the waiting list. Triggers write it, nobody else may. `base` is what held + pending was when
    transaction `base_in` first touched the row: what was there before is never refused.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="positions")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="positions")
    held = models.BigIntegerField()
    pending = models.BigIntegerField()
    base = models.BigIntegerField()
    base_in = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "pool"], name="titles_position_one"),
            models.CheckConstraint(
                condition=Q(held__gte=0, pending__gte=0), name="titles_position_not_negative"
            ),
        ]


class PurchaseDraft(models.Model):
    """One row is a number of units that a member thinks of buying; it reserves nothing."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="purchase_drafts")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="+")
    count = models.BigIntegerField(help_text="units")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "pool"], name="titles_purchasedraft_one"),
            models.CheckConstraint(
                condition=Q(count__gt=0), name="titles_purchasedraft_count_positive"
            ),
        ]


class WaitingPlace(models.Model):
    """One row is a member's place among those who wait until units of a pool are free.

    Places are served by time. An offer keeps `offered` units for the member until `offer_until`;
    taken, it becomes a purchase with a charge of its own.
    """

    class State(models.TextChoices):
        """waiting → offered → taken; or nobody took the offer; or the member left the list."""

        WAITING = "waiting", _("waiting")
        OFFERED = "offered", _("offered to you")
        TAKEN = "taken", _("taken")
        EXPIRED = "expired", _("not taken in time")
        LEFT = "left", _("left the list")

    STANDING = (State.WAITING, State.OFFERED)

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="waiting_places")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="waiting_places")
    wish = models.BigIntegerField(help_text="units")
    takes_part = models.BooleanField(default=False, help_text="fewer units than wished will do")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    offered = models.BigIntegerField(default=0, help_text="units kept for the member")
    offer_until = models.DateTimeField(null=True)
    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, null=True, related_name="waiting_place"
    )
    created_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "pool"],
                condition=Q(state__in=("waiting", "offered")),
                name="titles_waitingplace_one_each",
            ),
            models.CheckConstraint(
                condition=Q(wish__gt=0, offered__gte=0, offered__lte=F("wish")),
                name="titles_waitingplace_within_wish",
            ),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(offered__gt=0, offer_until__isnull=False),
                name="titles_waitingplace_offer_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["pool", "state", "created_at"])]


class Transfer(models.Model):
    """One row is an offer of units from one member to another, and what became of it.

    Addressed by member number, or to whoever types a code that was shown to the giver once. What
    was agreed between the two, a price for instance, is theirs: `note` is read by them alone.
    """

    class Kind(models.TextChoices):
        """Sold or handed over, or given for nothing."""

        TRANSFER = "transfer", _("transfer")
        GIFT = "gift", _("gift")

    class State(models.TextChoices):
        """An offer waits until it is accepted, declined, withdrawn or too old."""

        OFFERED = "offered", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("not answered in time")

    giver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="transfers_given")
    receiver = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="transfers_received"
    )
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="transfers")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TRANSFER)
    units = models.BigIntegerField()
    numbers = models.JSONField(default=list, help_text="titles chosen; none means the oldest")
    note = models.CharField(max_length=500, blank=True, default="")
    code_hash = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    txn_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["receiver", "state"]),
            models.Index(fields=["giver", "pool", "state"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(units__gt=0), name="titles_transfer_units_positive"),
            models.CheckConstraint(
                condition=Q(receiver__isnull=True) | ~Q(receiver=F("giver")),
                name="titles_transfer_to_another",
            ),
            models.CheckConstraint(
                condition=Q(receiver__isnull=False) | ~Q(code_hash=""),
                name="titles_transfer_leads_to_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", txn_id__isnull=False, receiver__isnull=False)
                | Q(~Q(state="accepted"), txn_id=None),
                name="titles_transfer_accepted_is_booked",
            ),
            models.UniqueConstraint(
                fields=["code_hash"], condition=~Q(code_hash=""), name="titles_transfer_code_once"
            ),
        ]


class Inheritance(models.Model):
    """One row is an estate that went to its heirs, with what proved that they are."""

    deceased = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="estates")
    evidence = models.TextField(help_text="what proved it, and where that is kept")
    recorded_by = models.ForeignKey(
        "members.User", on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, unique=True)


class InheritanceShare(models.Model):
    """One row is one heir of an estate and their part of it: weight over the sum of all weights."""

    inheritance = models.ForeignKey(Inheritance, on_delete=models.PROTECT, related_name="shares")
    heir = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="inherited_shares")
    weight = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inheritance", "heir"], name="titles_inheritanceshare_once"
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0), name="titles_inheritanceshare_positive"
            ),
        ]
