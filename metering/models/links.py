"""Links between nodes: what one end says it sent and the other that it received, hour by hour."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from metering.fields import WholeNumberField
from metering.models.nodes import Node
from metering.models.readings import Meter, MeterAssignment
from tokens.models import Period


class LinkPair(models.Model):
    """One row says that what A sends B receives, and back, in a span of time [since, until).

    `a_overhead` and `b_overhead` are the bytes per packet that the meters of an end count above
    what is compared. Packets are counted by `a_packets` (those that A sends) and `b_packets`; a
    way without such a meter has no overhead taken off. `seen` is the newest reading looked at.
    """

    class Layer(models.TextChoices):
        """What the two ends are compared in."""

        L2 = "l2", _("frames on the wire (layer 2)")
        L3 = "l3", _("IP packets (layer 3)")
        TUNNEL = "tunnel", _("what a tunnel carries")

    label = models.CharField(max_length=80)
    layer = models.CharField(max_length=6, choices=Layer, default=Layer.L2)
    a_tx = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    a_rx = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    b_tx = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    b_rx = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    a_packets = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="+")
    b_packets = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="+")
    a_overhead = models.PositiveSmallIntegerField(default=0, help_text="bytes per packet")
    b_overhead = models.PositiveSmallIntegerField(default=0, help_text="bytes per packet")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    seen = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["label", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="metering_linkpair_until_after_since",
            ),
            models.CheckConstraint(
                condition=Q(a_overhead__lte=200, b_overhead__lte=200),
                name="metering_linkpair_overhead_bounded",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def ends(self) -> tuple[Node, Node]:
        """The two nodes, A first."""
        return self.a_tx.node, self.b_tx.node


class LinkHour(models.Model):
    """One row is one way of a link in one hour, compared; compared anew when evidence comes late.

    `sent` and `received` are what the meters say, in bytes; `sent_net` and `received_net` are
    without overhead. `unsettled` hours are looked at again: their readings are not all booked, or
    the hour after them is not there yet.
    """

    class Way(models.TextChoices):
        """Who sends."""

        AB = "ab", _("A to B")
        BA = "ba", _("B to A")

    class Outcome(models.TextChoices):
        """What a comparison finds; excess and missing are mismatches."""

        AGREE = "agree", _("both ends agree")
        SHIFTED = "shifted", _("agrees over several hours")
        LOSS = "loss", _("a little was lost")
        MISSING = "missing", _("much less arrived")
        EXCESS = "excess", _("more arrived than sent")
        WAITS = "waits", _("waits for the next hour")
        GAP = "gap", _("not comparable: gaps")

    pair = models.ForeignKey(LinkPair, on_delete=models.PROTECT, related_name="hours")
    way = models.CharField(max_length=2, choices=Way)
    hour = models.DateTimeField()
    sent = WholeNumberField(max_digits=40)
    received = WholeNumberField(max_digits=40)
    packets = WholeNumberField(max_digits=40, null=True)
    sent_net = WholeNumberField(max_digits=40)
    received_net = WholeNumberField(max_digits=40)
    sent_seconds = models.PositiveSmallIntegerField()
    received_seconds = models.PositiveSmallIntegerField()
    tolerance = WholeNumberField(max_digits=40)
    outcome = models.CharField(max_length=8, choices=Outcome)
    unsettled = models.BooleanField(default=False)
    trouble = models.CharField(max_length=40, blank=True, help_text="why nothing could be booked")
    dispute = models.ForeignKey(
        "metering.Dispute", on_delete=models.PROTECT, null=True, related_name="hours"
    )
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["-hour", "way"]
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "way", "hour"], name="metering_linkhour_once_each"
            ),
        ]
        indexes = [
            models.Index(
                fields=["pair", "hour"],
                condition=Q(unsettled=True),
                name="metering_linkhour_unsettled",
            ),
            models.Index(
                fields=["pair", "hour"],
                condition=Q(outcome__in=["missing", "excess"]),
                name="metering_linkhour_mismatch",
            ),
        ]

    @property
    def is_mismatch(self) -> bool:
        """Whether the two ends contradict each other."""
        return self.outcome in (self.Outcome.MISSING, self.Outcome.EXCESS)

    @property
    def difference(self) -> int:
        """What was sent and did not arrive, in bytes; below zero: what arrived and was not sent."""
        return int(self.sent_net) - int(self.received_net)

    @property
    def gap_bytes(self) -> int:
        """By how many bytes the two ends differ."""
        return abs(self.difference)


class LinkCorrection(models.Model):
    """One row is what a comparison took back of one assignment's use, or gave back; append-only.

    Booked once, as the usage "link:<id>", in the period of the readings: `amount` millitokens,
    the difference to what was booked for this hour before.
    """

    hour = models.ForeignKey(LinkHour, on_delete=models.PROTECT, related_name="corrections")
    assignment = models.ForeignKey(
        MeterAssignment, on_delete=models.PROTECT, related_name="link_corrections"
    )
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField(help_text="millitokens")
    booked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="metering_linkcorrection_not_zero"),
        ]
