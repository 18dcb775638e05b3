"""Tables of the physical things: what they are, where they stand, who keeps them."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assets.models.register import Pool

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    _("Letters, digits, point, dash and underscore, beginning with a letter or digit."),
)


class Asset(models.Model):
    """One row is a physical thing that the cooperative has ordered, owns or once owned.

    It backs units of its pool from the moment it was placed there (`txn_id`; what cost nothing has
    nothing to book), and yields from the day it is in service. What changes over its life is a row
    of its own (AssetEvent, AssetMove, AssetCustody); `state`, `place` and `location` here are the
    last of them.
    """

    class State(models.TextChoices):
        """Where a thing stands."""

        ORDERED = "ordered", _("ordered")
        IN_SERVICE = "in_service", _("in service")
        FAULTY = "faulty", _("faulty")
        RETIRED = "retired", _("retired")
        SOLD = "sold", _("sold")
        LOST = "lost", _("lost")

    code = models.CharField(max_length=40, unique=True, validators=[CODE], help_text="inventory")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="assets")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40, help_text="mast, fibre, router, server, disk shelf")
    manufacturer = models.CharField(max_length=80, blank=True)
    model_name = models.CharField(max_length=80, blank=True)
    serial = models.CharField(max_length=80, blank=True)
    place = models.CharField(max_length=120, blank=True, help_text="coarse; shown in public")
    location = models.CharField(max_length=200, blank=True, help_text="exact; for stewards")
    purchased_on = models.DateField(null=True, blank=True)
    supplier = models.CharField(max_length=120, blank=True)
    bill = models.CharField(max_length=120, blank=True, help_text="number or reference")
    warranty_until = models.DateField(null=True, blank=True)
    cost = models.BigIntegerField(help_text="cents")
    salvage = models.BigIntegerField(default=0, help_text="cents expected at the end of its life")
    useful_months = models.PositiveSmallIntegerField(default=60)
    units_created = models.BigIntegerField(
        default=0, help_text="units that this asset brought into being"
    )
    in_service = models.DateField(null=True, blank=True, help_text="its first day of service")
    ended_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.ORDERED)
    paid_from = models.CharField(
        max_length=20, blank=True, help_text="grant, loan, reserve, growth"
    )
    txn_id = models.BigIntegerField(
        null=True, blank=True, unique=True, help_text="the transaction that placed it in its pool"
    )
    registered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["pool", "state"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost__gte=0, units_created__gte=0), name="assets_asset_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(salvage__gte=0, salvage__lte=F("cost")),
                name="assets_asset_salvage_within_cost",
            ),
            models.CheckConstraint(
                condition=Q(txn_id__isnull=False) | Q(units_created=0),
                name="assets_asset_units_from_its_pool_on",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ordered", "retired", "sold", "lost"])
                | Q(in_service__isnull=False, txn_id__isnull=False)
                | Q(in_service__isnull=False, cost=0),
                name="assets_asset_serves_in_its_pool",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["retired", "sold", "lost"], ended_on__isnull=False)
                | Q(state__in=["ordered", "in_service", "faulty"], ended_on=None),
                name="assets_asset_ended_with_a_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AssetEvent(models.Model):
    """One row is a change of an asset's state: on which day, why, recorded by whom; kept for ever.

    The first row of an asset comes from "". Which steps there are, the database knows too.
    """

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="events")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12, choices=Asset.State)
    on = models.DateField()
    reason = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)
    key = models.CharField(max_length=80, null=True, blank=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["asset", "on"])]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.from_state} → {self.to_state}"


class AssetMove(models.Model):
    """One row says where a thing stands from a day on; kept for ever."""

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="moves")
    on = models.DateField()
    place = models.CharField(max_length=120, blank=True, help_text="coarse; shown in public")
    location = models.CharField(max_length=200, blank=True, help_text="exact; for stewards")
    reason = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["asset", "on"])]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.place}"


class AssetCustody(models.Model):
    """One row is a member's keeping of a thing: offered, accepted or declined, from a day to a day.

    Keeping is not owning: the thing stays the cooperative's. Nobody keeps what they have not
    accepted; a thing has one custodian at a time and one offer at a time.
    """

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="custodies")
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, related_name="custodies")
    offered_at = models.DateTimeField(default=timezone.now)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    since = models.DateField(null=True, help_text="from when on; accepted then")
    until = models.DateField(null=True, help_text="exclusive")
    ended_at = models.DateTimeField(null=True, help_text="when the end was recorded")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["asset"],
                condition=Q(since__isnull=False, until=None),
                name="assets_assetcustody_one_custodian",
            ),
            models.UniqueConstraint(
                fields=["asset"],
                condition=Q(answered_at=None),
                name="assets_assetcustody_one_offer",
            ),
            models.CheckConstraint(
                condition=Q(since=None) | Q(answered_at__isnull=False),
                name="assets_assetcustody_accepted_first",
            ),
            models.CheckConstraint(
                condition=Q(until=None, ended_at=None)
                | Q(since__isnull=False, until__gte=F("since"), ended_at__isnull=False),
                name="assets_assetcustody_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.member_id}"
