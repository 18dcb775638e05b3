"""Tables of the discussion of a proposal."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from governance.models.proposal import Proposal
from members.models import Member


class Post(models.Model):
    """One row is what a member said about a proposal; append-only, but for being taken away.

    `parent` is the post it answers. Erasure of a person empties the text.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="posts")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="answers")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(help_text="of the proposal as it was then")
    text = models.TextField(blank=True)
    key = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]


class Mention(models.Model):
    """One row says that a post names a member, who is told once."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="mentions")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post", "member"], name="governance_mention_one_each"),
        ]


class Moderation(models.Model):
    """One row hides a post or shows it again, with who did it and why; append-only, public."""

    class Act(models.TextChoices):
        """What was done."""

        HIDE = "hide", _("hidden")
        SHOW = "show", _("shown again")

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="moderations")
    act = models.CharField(max_length=4, choices=Act)
    reason = models.CharField(max_length=400)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
