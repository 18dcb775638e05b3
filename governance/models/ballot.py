"""Tables of ballots: the board, the signed result, and what it carried out."""

from django.conf import settings
from django.db import models

from governance.models.proposal import Proposal
from members.models import Member


class Ballot(models.Model):
    """One row is one entry of a vote's board: what one voter answers, from then on.

    The newest entry of a voter counts. `envelope` is the signed ballot, `receipt` the signed
    head of the board right after it; both byte for byte as given out. Append-only, but for the
    reason, which may be emptied and then no longer matches the hash in the envelope.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="ballots")
    index = models.PositiveIntegerField(help_text="1, 2, 3 … on the board of this vote")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="ballots")
    choices = models.JSONField(help_text="chamber → answer, in the shape of the kind of vote")
    reason = models.TextField(blank=True)
    attested = models.BooleanField(help_text="signed by the site for the member")
    key = models.CharField(max_length=80)
    cast_at = models.DateTimeField()
    envelope = models.BinaryField()
    own_envelope = models.BinaryField(null=True, help_text="what the member signed, if they did")
    sealed = models.BinaryField(null=True, help_text="SealedBox to the election's key (B1)")
    counter = models.PositiveIntegerField(
        null=True, help_text="of a sealed ballot: the voter's highest counts"
    )
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


class Carried(models.Model):
    """One row says what became of one voter of one chamber who cast no ballot but named somebody.

    Written once, at the close (R12, R13); append-only. `through` is the row of the voter whose
    ballot counts for them, or nobody: then `lost` says why. `directed` is the answer that a
    directed proxy binds to.
    """

    row = models.OneToOneField(
        "governance.RollRow", on_delete=models.PROTECT, related_name="carried"
    )
    through = models.ForeignKey(
        "governance.RollRow", on_delete=models.PROTECT, null=True, related_name="carries"
    )
    lost = models.CharField(max_length=8, blank=True, help_text="end, loop, cap or barred")
    directed = models.JSONField(null=True)


class ConsentObjection(models.Model):
    """One row is an objection in a consent (R21): reasons and the change that would settle it.

    It stands while neither withdrawn nor ruled out of order by two auditors, in public.
    """

    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, related_name="consent_objections"
    )
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    change = models.TextField(help_text="what would have to change")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class OutOfOrder(models.Model):
    """One row is an auditor's ruling that an objection is out of order; two rule it out."""

    objection = models.ForeignKey(
        ConsentObjection, on_delete=models.PROTECT, related_name="rulings"
    )
    auditor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["objection", "auditor"], name="governance_outoforder_one_each"
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
