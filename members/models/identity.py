"""Tables of identity: members' own keys, what they vouch for, and requests for erasure."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models.register import Member, User


class MemberKey(models.Model):
    """One row is an Ed25519 public key that a member proved to hold, from then until it ended.

    A key belongs to one member for ever, and a member has one current key at most. A trigger
    keeps the row as written, but for its end, which is written once, and its `note`, which may
    be emptied. `proof` and `end_document` are DSSE envelopes, byte for byte; the log of the books
    covers both by digests salted with `salt`.
    """

    class End(models.TextChoices):
        """Why a key is no longer used."""

        ROTATED = "rotated", _("replaced by a new one")
        RETIRED = "retired", _("no longer used")
        LOST = "lost", _("lost")
        EXPOSED = "exposed", _("somebody else may have it")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="keys")
    public_key = models.CharField(max_length=64, unique=True, help_text="32 bytes, hex")
    keyid = models.CharField(max_length=40, help_text="as in the signatures of envelopes")
    registered_at = models.DateTimeField()
    succeeds = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="successor"
    )
    proof = models.BinaryField()
    salt = models.BinaryField()
    revoked_at = models.DateTimeField(null=True, help_text="valid before this moment only")
    end = models.CharField(max_length=10, choices=End, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="what was said with the end")
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    end_document = models.BinaryField(null=True)

    class Meta:
        ordering = ["-registered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(revoked_at=None),
                name="members_memberkey_one_current",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, end="", end_document=None)
                | Q(revoked_at__gte=F("registered_at"), end_document__isnull=False) & ~Q(end=""),
                name="members_memberkey_ends_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.keyid


class Vouch(models.Model):
    """One row is a member's signed word that they know a key to be another member's.

    It stands until `expires_at`, unless it is withdrawn or one of the two keys ends before.
    `digest` is that of what was signed: no statement is taken twice. Kept as written, but for
    the end, which is written once.
    """

    voucher = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="vouches_given")
    voucher_key = models.ForeignKey(MemberKey, on_delete=models.PROTECT, related_name="+")
    vouched = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="vouches_received")
    key = models.ForeignKey(MemberKey, on_delete=models.PROTECT, related_name="vouches")
    said_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    envelope = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-said_at", "-id"]
        indexes = [models.Index(fields=["vouched", "withdrawn_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "key"],
                condition=Q(withdrawn_at=None),
                name="members_vouch_one_for_each_key",
            ),
            models.CheckConstraint(
                condition=~Q(voucher=F("vouched")), name="members_vouch_for_another"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("said_at")), name="members_vouch_expires_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher_id} → {self.vouched_id}"


class ErasureRequest(models.Model):
    """One row is a former member's wish to be forgotten, and what became of it."""

    class State(models.TextChoices):
        """waiting → done, refused or taken back."""

        WAITING = "waiting", _("waiting")
        DONE = "done", _("carried out")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("taken back")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="erasure_requests")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=500, blank=True, help_text="why it was refused")

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state="waiting"),
                name="members_erasurerequest_one_waiting",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state="done"),
                name="members_erasurerequest_done_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.state}"
