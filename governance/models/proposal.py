"""Tables of proposals: what is asked, who was told, who may vote."""

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
        CONSENT = "consent", _("consent")
        RANKED = "ranked", _("ranked motion")
        APPROVAL = "approval", _("approval")
        SCORE = "score", _("score")
        IRV = "irv", _("election of one")
        STV = "stv", _("election of several")

    class BallotKind(models.TextChoices):
        """Who can read a ballot: open ballots are read after the close, sealed ones never."""

        OPEN = "open", _("open")
        SEALED = "sealed", _("sealed")

    class Because(models.TextChoices):
        """Why a vote follows on another; empty for one that stands by itself."""

        OBJECTION = "objection", _("users objected")
        SECOND_VOTE = "second_vote", _("second vote after reconciliation")
        RATIFICATION = "ratification", _("ratifies an emergency measure")
        RECALL = "recall", _("petition for a recall")
        REVIEW = "review", _("review of a consent")

    class State(models.TextChoices):
        """draft → notice → open → passed, failed or timelocked → executed, …"""

        DRAFT = "draft", _("draft")
        WITHDRAWN = "withdrawn", _("withdrawn")
        NOTICE = "notice", _("announced")
        OPEN = "open", _("open")
        COUNTING = "counting", _("closed, waiting for the trustees’ count")
        HELD = "held", _("carried by the owners, the users’ chamber is called in")
        VETOED = "vetoed", _("carried by the owners, refused by the users")
        FAILED = "failed", _("not carried")
        PASSED = "passed", _("carried")
        TIMELOCKED = "timelocked", _("carried, waiting to be carried out")
        EXECUTED = "executed", _("carried out")
        REFUSED = "refused", _("carried, but could not be carried out")
        EXPIRED = "expired", _("carried, but not carried out in time")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MOTION)
    ballot_kind = models.CharField(
        max_length=6, choices=BallotKind, default=BallotKind.OPEN, db_default=BallotKind.OPEN
    )
    options = models.JSONField(
        default=list, db_default=[], help_text='[{"id", "name", …}] in order; empty for motions'
    )
    seats = models.PositiveSmallIntegerField(default=1, db_default=1)
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="followers"
    )
    because = models.CharField(max_length=12, choices=Because, blank=True, db_default="")
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
    extended_at = models.DateTimeField(null=True, help_text="when the close was moved, once (R14)")
    reconcile_until = models.DateTimeField(null=True, help_text="of two chambers that differ (R11)")
    called_in = models.BooleanField(
        default=False, db_default=False, help_text="objections called the users’ chamber in (R10)"
    )
    ways_warned_at = models.DateTimeField(
        null=True, help_text="when those were warned whose delegations lead to nobody (R13)"
    )

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

    Append-only, but for the moments at which a mail left and at which the member opened the page.
    Who stands here for the version that opens, and is still active at opening, may vote.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="deliveries")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    at = models.DateTimeField(auto_now_add=True)
    mailed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "version", "member"], name="governance_delivery_once_each"
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
    votes = models.BooleanField(
        default=True, db_default=True, help_text="otherwise its roll serves objections only (R10)"
    )
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


class ProposalVersion(models.Model):
    """One row is a proposal as one saving or one notice left it; append-only.

    `content` holds title, text, kind, options, seats, ballot kind, action and payload.
    `notice_hash` is empty for what was saved as a draft.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(help_text="1, 2, 3 … of this proposal's savings")
    version = models.PositiveSmallIntegerField(help_text="of the notice it belongs to")
    content = models.JSONField()
    notice_hash = models.CharField(max_length=64, blank=True)
    notice_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=400, blank=True, help_text="what was changed, and why")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "number"], name="governance_proposalversion_number_once"
            ),
        ]


class RollCorrection(models.Model):
    """One row adds a voter who was wrongly left out, before the close; append-only (R7).

    The roll as frozen stays; the corrected row is a RollRow with `position` after the last, and
    `document` is the signed statement of what was wrong, which the certificate names.
    """

    row = models.OneToOneField(RollRow, on_delete=models.PROTECT, related_name="correction")
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    envelope = models.BinaryField()


class Backing(models.Model):
    """One row is a member who stands behind a draft as it was at its n-th saving; one each.

    It counts while `withdrawn_at` is empty and nothing was saved since.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="backings")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    saving = models.PositiveIntegerField()
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "member"], name="governance_backing_one_each"
            ),
        ]


class Objection(models.Model):
    """One row is a user's wish that the users' chamber decides too (R10); one each.

    It counts while `withdrawn_at` is empty.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="objections")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "member"], name="governance_objection_one_each"
            ),
        ]


class Halt(models.Model):
    """One row is an auditor's halt: nothing is certified or carried out before `until` (R18).

    One per auditor and proposal; append-only.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="halts")
    auditor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "auditor"], name="governance_halt_one_each"
            ),
        ]
