"""Tables of sealed votes (B1): the trustees' keys, the vote's key, and the published count."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from governance.models.proposal import Proposal
from members.models import Member


class TrusteeKey(models.Model):
    """One row is a key that somebody offers to open sealed votes with; it counts until ended."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="trustee_keys")
    label = models.CharField(max_length=80)
    public_key = models.CharField(max_length=64, unique=True, help_text="Curve25519, hex")
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)


class SealedVote(models.Model):
    """One row is the key ceremony of one sealed vote: the dealer's file, as uploaded.

    `public_key` is the vote's Curve25519 key, `deal` the whole file with the shares, each sealed
    to its trustee, and the commitments to the nonces of the lot. Frozen with the notice.
    """

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="sealed_vote")
    public_key = models.CharField(max_length=64)
    threshold = models.PositiveSmallIntegerField(help_text="k")
    trustees = models.PositiveSmallIntegerField(help_text="n")
    deal = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gte=1, threshold__lte=F("trustees")),
                name="governance_sealedvote_k_of_n",
            ),
        ]


class SealedTally(models.Model):
    """One row is what the trustees published of one sealed vote; append-only.

    `document` is their file: the list of trackers and choices sorted by tracker, or with fewer
    than five ballots counts only; the hash of the set of ciphertexts it was made from; nonces.
    """

    sealed_vote = models.OneToOneField(SealedVote, on_delete=models.PROTECT, related_name="tally")
    document = models.JSONField(help_text="the signed document, for reading")
    envelope = models.BinaryField(help_text="the document as k trustees signed it")
    input_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
