"""Tables of offices: candidates, terms, petitions, emergency measures."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from governance.models.proposal import Proposal
from members.models import Member
from metering.models import Node


class Candidate(models.Model):
    """One row is somebody who stands in an election, named by themselves or by another.

    On the ballot is who accepted, and did not withdraw, before the notice.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="candidates")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    statement = models.TextField(blank=True)
    named_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "member"], name="governance_candidate_once"
            ),
        ]


class Term(models.Model):
    """One row is one term of office of a member, with the decision that gave and that ended it."""

    class Office(models.TextChoices):
        """What the member was elected or drawn to."""

        STEWARD = "steward", _("steward")
        AUDITOR = "auditor", _("auditor")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="terms")
    office = models.CharField(max_length=12, choices=Office)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    source = models.CharField(max_length=80, help_text="the decision that gave it")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "office", "source"], name="governance_term_once_per_decision"
            ),
        ]


class Petition(models.Model):
    """One row asks for the recall of somebody in office; a tenth of either roll calls the vote."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="petitions_against")
    office = models.CharField(max_length=12, choices=Term.Office)
    text = models.TextField()
    opened_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(help_text="a petition that did not reach its number ends")
    proposal = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, null=True, related_name="petition"
    )


class PetitionSignature(models.Model):
    """One row is a member's signature under a petition; it may be taken back until the vote."""

    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="signatures")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["petition", "member"], name="governance_petitionsignature_one_each"
            ),
        ]


class Emergency(models.Model):
    """One row is a call for the emergency quarantine of a node (R17).

    It holds from the third steward's signature until `until` (72 h), unless ratified; the same
    facts (`evidence_sha256`) serve once. A call that lapsed used nothing: they may be called again.
    """

    class State(models.TextChoices):
        """called → in force → ratified | reverted; or lapsed without the signatures."""

        CALLED = "called", _("waits for signatures")
        IN_FORCE = "in_force", _("in force")
        RATIFIED = "ratified", _("ratified")
        REVERTED = "reverted", _("reverted")
        LAPSED = "lapsed", _("lapsed")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="emergencies")
    reason = models.CharField(max_length=400)
    evidence = models.TextField()
    evidence_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.CALLED)
    at = models.DateTimeField()
    in_force_from = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    proposal = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, null=True, related_name="emergency"
    )
    answer = models.TextField(blank=True, help_text="what the node's people say, on the record")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evidence_sha256"], condition=~models.Q(state="lapsed"),
                name="governance_emergency_facts_once",
            ),
        ]  # fmt: skip


class EmergencySignature(models.Model):
    """One row is a steward's signature under an emergency; append-only."""

    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="signatures")
    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["emergency", "steward"], name="governance_emergencysignature_one_each"
            ),
        ]


class LostPower(models.Model):
    """One row says that a steward signed an emergency that was not ratified.

    They sign none again before a term that begins later.
    """

    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["steward", "emergency"], name="governance_lostpower_once"
            ),
        ]
