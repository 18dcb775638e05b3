"""Tables of the ways out: redemption and its queue, sell-down, contribution in kind, leaving."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models import Pool
from members.models import Member
from payments.models import Charge
from titles.models.ownership import Title


class RedemptionRequest(models.Model):
    """One row is a member's wish to give back units of a pool, or to be paid credit out.

    `wanted` and `served` are units, or cents where it is about credit. What is not served yet
    keeps its place: rows are served by the rank of their class and then in the order of their ids.
    `numbers` names the titles that the units come from; without it they come from the oldest.
    """

    class Kind(models.TextChoices):
        """What goes out."""

        UNITS = "units", _("shares")
        CREDIT = "credit", _("credit")

    class Class(models.TextChoices):
        """Why, which decides who is served first under the policy of the order."""

        DEATH = "death", _("death")
        HARDSHIP = "hardship", _("hardship")
        LEAVING = "leaving", _("leaving")
        PARTIAL = "partial", _("part of one’s shares")

    class State(models.TextChoices):
        """waiting → served or withdrawn."""

        WAITING = "waiting", _("in the queue")
        SERVED = "served", _("served")
        WITHDRAWN = "withdrawn", _("withdrawn")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="redemption_requests")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="redemption_requests")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.UNITS)
    wanted = models.BigIntegerField(help_text="units, or cents of credit")
    served = models.BigIntegerField(default=0, help_text="units, or cents of credit")
    numbers = models.JSONField(null=True, help_text="numbers of the titles chosen, in order")
    klass = models.CharField(max_length=8, choices=Class, default=Class.PARTIAL)
    class_reason = models.CharField(max_length=300, blank=True)
    class_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="what the member wrote")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    requested_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField(help_text="the day its notice is over")
    ended_at = models.DateTimeField(null=True)
    leaving = models.ForeignKey(
        "Leaving", on_delete=models.PROTECT, null=True, related_name="requests"
    )
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wanted__gt=0, served__gte=0, served__lte=F("wanted")),
                name="titles_redemptionrequest_served_within_wanted",
            ),
            models.CheckConstraint(
                condition=Q(state="served", served=F("wanted"))
                | Q(~Q(state="served"), served__lt=F("wanted")),
                name="titles_redemptionrequest_served_when_all_is",
            ),
            models.UniqueConstraint(
                fields=["member", "pool"],
                condition=Q(kind="credit", state="waiting"),
                name="titles_redemptionrequest_credit_once",
            ),
        ]
        indexes = [models.Index(fields=["pool", "state", "id"])]

    def __str__(self) -> str:
        return f"{self.wanted} {self.kind} of {self.pool_id}"

    @property
    def left(self) -> int:
        """Units, or cents of credit, that wait."""
        return self.wanted - self.served


class RedemptionRun(models.Model):
    """One row is one serving of a pool's queue: the price and how it came about, what was left.

    `derivation` holds the figures behind the price (cents, units), as the books had them.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="redemption_runs")
    key = models.CharField(max_length=80)
    period = models.CharField(max_length=10, help_text="the month whose limit it used, 2026-11")
    at = models.DateTimeField()
    price = models.BigIntegerField(help_text="cents per unit")
    issue_price = models.BigIntegerField(help_text="cents per unit")
    derivation = models.JSONField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "key"], name="titles_redemptionrun_once"),
        ]
        indexes = [models.Index(fields=["pool", "period"])]


class Redemption(models.Model):
    """One row is units that came back, or credit that was paid out, once, at one price.

    `nominal` is its measure against the limit: units × issue price, or the credit. `gross` is
    what it brought, `settled` the share of under-recovered cost kept of it, `set_off` what then
    went to the member's prepaid balance to pay charges; `due`, what is left, became a payout.
    """

    request = models.ForeignKey(
        RedemptionRequest, on_delete=models.PROTECT, null=True, related_name="redemptions"
    )
    run = models.ForeignKey(
        RedemptionRun, on_delete=models.PROTECT, null=True, related_name="redemptions"
    )
    selldown = models.ForeignKey(
        "SellDown", on_delete=models.PROTECT, null=True, related_name="redemptions"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="redemptions")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="redemptions")
    units = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0, help_text="cents of credit used up")
    capital = models.BigIntegerField(default=0, help_text="cents once paid in for the units")
    price = models.BigIntegerField(default=0, help_text="cents per unit")
    nominal = models.BigIntegerField(help_text="cents")
    gross = models.BigIntegerField(help_text="cents")
    settled = models.BigIntegerField(default=0, help_text="cents of cost not recovered yet")
    set_off = models.BigIntegerField(default=0, help_text="cents kept to pay charges")
    payout_id = models.BigIntegerField(null=True, unique=True)
    at = models.DateTimeField()
    txn_id = models.BigIntegerField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gt=0, credit=0) | Q(units=0, credit__gt=0),
                name="titles_redemption_of_units_or_credit",
            ),
            models.CheckConstraint(
                condition=Q(gross__gte=F("settled") + F("set_off"), settled__gte=0, set_off__gte=0),
                name="titles_redemption_shares_out_what_it_brought",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False, request__isnull=False, selldown=None)
                | Q(run=None, request=None, selldown__isnull=False),
                name="titles_redemption_by_queue_or_selldown",
            ),
        ]
        indexes = [models.Index(fields=["member", "-id"])]

    @property
    def payable(self) -> int:
        """Cents that the member was owed by it, before anything was set off."""
        return self.gross - self.settled

    @property
    def due(self) -> int:
        """Cents that are paid out."""
        return self.payable - self.set_off


class SellDown(models.Model):
    """One row is one default of a member: notices first, then units against the debt."""

    class State(models.TextChoices):
        """noticed → sold, or ended because the debt was paid."""

        NOTICED = "noticed", _("under notice")
        SOLD = "sold", _("sold down")
        ENDED = "ended", _("ended")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="selldowns")
    state = models.CharField(max_length=8, choices=State, default=State.NOTICED)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state="noticed"),
                name="titles_selldown_one_at_a_time",
            ),
        ]


class SellDownStep(models.Model):
    """One row is one step of a sell-down, told to the member: on the page, and by mail."""

    class What(models.TextChoices):
        """What happened."""

        NOTICE = "notice", _("notice")
        SOLD = "sold", _("shares redeemed against the debt")
        ENDED = "ended", _("ended, nothing is owed any more")

    selldown = models.ForeignKey(SellDown, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=8, choices=What)
    at = models.DateTimeField()
    next_on = models.DateField(null=True, help_text="the day of the next step")
    owed = models.BigIntegerField(help_text="cents owed at this step")
    units = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0, help_text="cents set off")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["selldown", "number"], name="titles_selldownstep_numbered"
            ),
        ]


class Contribution(models.Model):
    """One row is hardware or labour that was given, valued by a decision, and what it became."""

    class Kind(models.TextChoices):
        """What was given."""

        HARDWARE = "hardware", _("hardware")
        LABOUR = "labour", _("work")

    giver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="contributions")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="contributions")
    kind = models.CharField(max_length=8, choices=Kind)
    what = models.CharField(max_length=120)
    value = models.BigIntegerField(help_text="cents")
    price = models.BigIntegerField(help_text="cents per unit: the issue price of that day")
    units = models.BigIntegerField(help_text="units that went to the giver")
    credit = models.BigIntegerField(help_text="cents that became equity credit")
    asset_id = models.BigIntegerField(unique=True)
    title = models.OneToOneField(
        Title, on_delete=models.PROTECT, null=True, related_name="contribution"
    )
    source = models.CharField(max_length=120, unique=True, help_text="proposal:12")
    made_at = models.DateTimeField(default=timezone.now)
    txn_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value=F("units") * F("price") + F("credit"), credit__gte=0),
                name="titles_contribution_is_units_and_credit",
            ),
        ]


class WriteOff(models.Model):
    """One row is a charge that nobody will pay, written off by a decision: a cost of its pools."""

    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="write_off")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.BigIntegerField(help_text="cents of the charge")
    covered = models.BigIntegerField(default=0, help_text="cents that a prepaid balance paid")
    source = models.CharField(max_length=120, help_text="proposal:12")
    at = models.DateTimeField(default=timezone.now)
    txn_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(covered__gte=0, covered__lte=F("amount")),
                name="titles_writeoff_covered_within_amount",
            ),
        ]


class Leaving(models.Model):
    """One row is one way out of the cooperative: why, until when it can be taken back, its end."""

    class Reason(models.TextChoices):
        """Why somebody goes."""

        RESIGNATION = "resignation", _("resignation")
        TRANSFER = "transfer", _("transfer of all shares")
        EXPULSION = "expulsion", _("expulsion")
        DEATH = "death", _("death")

    class State(models.TextChoices):
        """under way → finished or withdrawn."""

        UNDER_WAY = "under_way", _("under way")
        FINISHED = "finished", _("finished")
        WITHDRAWN = "withdrawn", _("withdrawn")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="leavings")
    reason = models.CharField(max_length=12, choices=Reason)
    state = models.CharField(max_length=10, choices=State, default=State.UNDER_WAY)
    plan = models.JSONField(default=dict, help_text="pool code → redeem or pass_on")
    text = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    notice_until = models.DateField(help_text="its last day; until then it can be taken back")
    ended_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=120, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state="under_way"),
                name="titles_leaving_one_at_a_time",
            ),
        ]
