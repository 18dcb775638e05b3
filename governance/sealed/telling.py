"""Mails to trustees: that they hold a share, and that a vote waits for their count."""

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from governance import board
from governance.models import Proposal, SealedVote
from governance.notices.mail import tell
from members.models import Member


def tell_dealt(vote: SealedVote) -> int:
    """Tell the trustees of a deal to look at their shares before the notice; how many mails.

    Call inside the transaction that keeps the deal.
    """
    return _tell(vote, "sealed_share", f"sealed-share:{board.document_hash(vote.deal)[:32]}")


def tell_to_count() -> int:
    """Tell the trustees of closed votes that their count is waited for; safe at any time."""
    waiting = SealedVote.objects.filter(proposal__state=Proposal.State.COUNTING, tally=None)
    with transaction.atomic():
        return sum(
            _tell(vote, "sealed_count", f"sealed-count:{vote.proposal_id}")
            for vote in waiting.select_related("proposal").order_by("pk")
        )


def _tell(vote: SealedVote, kind: str, key: str) -> int:
    path = reverse("governance:sealed", args=[vote.proposal_id])
    context = {"proposal": vote.proposal, "vote": vote}
    return tell(trustees_of(vote), kind=kind, context=context, path=path, key=key)


def trustees_of(vote: SealedVote) -> QuerySet[Member]:
    """The members who hold a share."""
    numbers = [trustee["member"] for trustee in vote.deal["trustees"]]
    return Member.objects.filter(number__in=numbers).order_by("pk")
