"""The count of a vote of any kind, from the ballots, rolls and delegations in the tables."""

from governance.counting.deciding import Counted, decide
from governance.methods.material import question_of, votes_of
from governance.models import Proposal

__all__ = ["Counted", "count_votes"]


def count_votes(proposal: Proposal) -> Counted:
    """The vote counted by exact integers: each chamber by itself, then all of them (R10).

    Weights are each voter's own and what delegations carry to them. Raises ValueError where the
    tables hold more votes than voters.
    """
    return decide(question_of(proposal), votes_of(proposal))
