"""That a member has opened what they were told of (R15)."""

from django.db.models.functions import Now

from governance.models import Delivery, Mention, Proposal
from members.models import Member


def saw(*, proposal: Proposal, member: Member | None) -> None:
    """Note the first time that a member opened the page of a vote, for its notice and mentions.

    Two statements, which change nothing the second time; no lock is needed, since each moment is
    filled in once.
    """
    if member is None:
        return
    told = Delivery.objects.filter(proposal=proposal, version=proposal.version, member=member)
    told.filter(seen_at=None).update(seen_at=Now())
    named = Mention.objects.filter(post__proposal=proposal, member=member, seen_at=None)
    named.update(seen_at=Now())
