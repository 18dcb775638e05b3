"""Tables of votes given into other hands."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from governance.models.proposal import Proposal
from members.models import Member


class Delegation(models.Model):
    """One row is a member's word that another votes for them where they do not (R12, R13).

    A proxy speaks in one vote or, standing, until a day; a delegation for all votes, for an area
    or for one vote. The most specific one in force at the close counts. Never changed, only
    revoked.
    """

    class Kind(models.TextChoices):
        """Proxies end with their holder; delegations lead on."""

        PROXY = "proxy", _("proxy")
        DELEGATION = "delegation", _("delegation")

    class Scope(models.TextChoices):
        """What it is for, from the widest to the narrowest."""

        ALL = "all", _("all votes")
        AREA = "area", _("an area")
        PROPOSAL = "proposal", _("one vote")

    kind = models.CharField(max_length=10, choices=Kind)
    scope = models.CharField(max_length=8, choices=Scope)
    area = models.CharField(max_length=20, blank=True)
    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, null=True, related_name="delegations"
    )
    giver = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="delegations_given")
    holder = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="delegations_held")
    directed = models.JSONField(null=True, help_text="the answer that a proxy is bound to")
    key = models.CharField(max_length=80, unique=True)
    made_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(giver=F("holder")), name="governance_delegation_to_another"
            ),
            models.CheckConstraint(
                condition=Q(scope="proposal", proposal__isnull=False, area="")
                | (Q(scope="area", proposal=None) & ~Q(area=""))
                | Q(scope="all", proposal=None, area=""),
                name="governance_delegation_names_its_scope",
            ),
            models.UniqueConstraint(
                fields=["giver", "scope", "area", "proposal"],
                condition=Q(revoked_at=None),
                nulls_distinct=False,
                name="governance_delegation_one_for_each_scope",
            ),
        ]


class DelegationWarning(models.Model):
    """One row says that a member was warned that a way through them ends or loops; once each."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=8)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "member"], name="governance_delegationwarning_once"
            ),
        ]
