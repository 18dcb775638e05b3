"""What votes keep of a person, in short, and how they forget them."""

from typing import Any

from governance.models import Ballot, Proposal
from members.models import Member, User


def data_on(member: Member) -> dict[str, Any]:
    """What a member proposed and how they voted."""
    ballots = Ballot.objects.filter(member=member).order_by("proposal_id", "index")
    return {
        "proposed": list(Proposal.objects.filter(proposer=member).values("id", "title", "state")),
        "voted": list(ballots.values("proposal_id", "proposal__title", "choices", "reason")),
    }


def forget(*, member: Member, actor: User | None) -> None:
    """The reasons they gave with ballots are emptied; what was announced and counted stays.

    A ballot's envelope carries the hash of its reason and a pseudonym, nothing of the person.
    """
    Ballot.objects.filter(member=member).exclude(reason="").update(reason="")
