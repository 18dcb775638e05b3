"""Tables of decisions. Triggers keep proposals as announced, and rolls and boards as written."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models import Member


class Proposal(models.Model):
    """One row is one question put to the members, from its draft to what came of it.

    With the notice, text, action, terms and their hash are frozen by a trigger; the dates follow
    from the terms. `opens_at` and `closes_at` bound the ballot half-open: [opens_at, closes_at).
    """

    class Kind(models.TextChoices):
        """How it is decided."""

        MOTION = "motion", _("motion")

    class State(models.TextChoices):
        """draft → notice → open → passed, failed or timelocked → executed, …"""

        DRAFT = "draft", _("draft")
        WITHDRAWN = "withdrawn", _("withdrawn")
        NOTICE = "notice", _("announced")
        OPEN = "open", _("open")
        FAILED = "failed", _("not carried")
        PASSED = "passed", _("carried")
        TIMELOCKED = "timelocked", _("carried, waiting to be carried out")
        EXECUTED = "executed", _("carried out")
        REFUSED = "refused", _("carried, but could not be carried out")
        EXPIRED = "expired", _("carried, but not carried out in time")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MOTION)
    version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=160)
    text = models.TextField()
    proposer = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="proposals")
    action = models.CharField(max_length=40)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    key = models.CharField(max_length=80, unique=True, help_text="of the request that made it")
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    notice_at = models.DateTimeField(null=True)
    notice_hash = models.CharField(max_length=64, blank=True)
    terms = models.JSONField(null=True)
    preview = models.JSONField(null=True, help_text="the dry run at notice")
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    executes_from = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "closes_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(
                    notice_at__isnull=False,
                    opens_at__gte=F("notice_at"),
                    closes_at__gt=F("opens_at"),
                    terms__isnull=False,
                ),
                name="governance_proposal_dated_from_notice_on",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """One row says that a member was active when notice was given, and that it was given to them.

    Append-only. Who stands here and is still active at opening may vote.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="deliveries")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "member"], name="governance_delivery_once_each"
            ),
        ]


class Chamber(models.Model):
    """One row is a chamber of one vote, frozen at opening: n heads, weight N; append-only.

    `root` is the Merkle root over the leaves of its roll. `ledger_txn` is the newest transaction
    of the books that the same statement saw which read the holdings.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="chambers")
    name = models.CharField(max_length=12)
    position = models.PositiveSmallIntegerField()
    heads = models.BigIntegerField()
    weight = models.BigIntegerField()
    root = models.CharField(max_length=64)
    ledger_txn = models.BigIntegerField()
    frozen_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "name"], name="governance_chamber_once_each"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RollRow(models.Model):
    """One row is one voter of one chamber of one vote; append-only.

    `voter` is a random pseudonym, the same in both chambers of this vote and in no other; the
    public roll names nobody else. `units` is what the member held at opening, `weight` what
    their ballot weighs.
    """

    chamber = models.ForeignKey(Chamber, on_delete=models.PROTECT, related_name="rows")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    voter = models.CharField(max_length=32)
    weight = models.BigIntegerField()
    units = models.BigIntegerField()
    leaf = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["chamber", "member"], name="governance_rollrow_member_once"
            ),
            models.UniqueConstraint(
                fields=["chamber", "position"], name="governance_rollrow_position_once"
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=0), name="governance_rollrow_weight_not_negative"
            ),
        ]


class Ballot(models.Model):
    """One row is one entry of a vote's board: what one voter answers, from then on.

    The newest entry of a voter counts. `envelope` is the signed ballot, `receipt` the signed
    head of the board right after it; both byte for byte as given out. Append-only, but for the
    reason, which may be emptied and then no longer matches the hash in the envelope.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="ballots")
    index = models.PositiveIntegerField(help_text="1, 2, 3 … on the board of this vote")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="ballots")
    choices = models.JSONField(help_text="chamber → for, against or abstain")
    reason = models.TextField(blank=True)
    attested = models.BooleanField(help_text="signed by the site for the member")
    key = models.CharField(max_length=80)
    cast_at = models.DateTimeField()
    envelope = models.BinaryField()
    own_envelope = models.BinaryField(null=True, help_text="what the member signed, if they did")
    leaf = models.CharField(max_length=64)
    link = models.CharField(max_length=64, help_text="head of the board's chain with this entry")
    receipt = models.BinaryField()

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "index"], name="governance_ballot_index_once"
            ),
            models.UniqueConstraint(
                fields=["proposal", "member", "key"], name="governance_ballot_key_once"
            ),
        ]


class Certificate(models.Model):
    """One row is the signed result of one vote; append-only. `envelope` is what anyone checks."""

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="certificate")
    result = models.JSONField(help_text="the signed document, for reading")
    passed = models.BooleanField()
    envelope = models.BinaryField()
    certified_at = models.DateTimeField()


class Execution(models.Model):
    """One row says that a carried proposal's action was carried out, or why it could not be.

    There is at most one per proposal, whoever tries and however often; append-only.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="execution")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()
    before = models.JSONField(help_text="the dry run just before")
    effects = models.JSONField()
    refusal = models.CharField(max_length=300, blank=True, help_text="why nothing was done")
