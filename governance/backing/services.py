"""Standing behind a draft, and no longer."""

from django.db import transaction

from governance import clock
from governance.backing.queries import is_backable, saving_of
from governance.errors import NotBackable
from governance.models import Backing, Proposal
from governance.queries import locked
from members.models import Member


@transaction.atomic(durable=True)
def back(*, proposal_id: int, member: Member) -> Backing:
    """A member's backing of a draft as it is now; a second one is the first.

    It does not carry over to another text. Raises NotBackable.
    """
    proposal = _backable(proposal_id, member)
    row, _new = Backing.objects.update_or_create(
        proposal=proposal,
        member=member,
        defaults={"saving": saving_of(proposal), "at": clock.now(), "withdrawn_at": None},
    )
    return row


@transaction.atomic(durable=True)
def take_back(*, proposal_id: int, member: Member) -> None:
    """A backing taken back; none is none. Raises NotBackable once the draft is no draft."""
    proposal = _backable(proposal_id, member)
    Backing.objects.filter(proposal=proposal, member=member, withdrawn_at=None).update(
        withdrawn_at=clock.now()
    )


def _backable(proposal_id: int, member: Member) -> Proposal:
    proposal = locked(proposal_id)
    own = proposal.proposer_id == member.pk
    if own or member.state != Member.State.ACTIVE or not is_backable(proposal):
        raise NotBackable
    return proposal
