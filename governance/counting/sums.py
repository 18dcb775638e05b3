"""What is counted: choices, the frozen roll of a chamber, and the sums over its ballots."""

from collections.abc import Iterable
from dataclasses import dataclass

FOR, AGAINST, ABSTAIN = "for", "against", "abstain"
CHOICES = (FOR, AGAINST, ABSTAIN)


@dataclass(frozen=True)
class Roll:
    """A chamber frozen at opening: n heads, total weight N."""

    chamber: str
    heads: int
    weight: int


@dataclass(frozen=True)
class BallotGroup:
    """Identical ballots of one chamber: how many heads, and what they weigh together."""

    choice: str
    heads: int
    weight: int


@dataclass(frozen=True)
class Sums:
    """Y, O (no) and A of one chamber by weight, and how many heads cast a ballot."""

    yes: int = 0
    no: int = 0
    abstain: int = 0
    heads: int = 0

    @property
    def cast(self) -> int:
        """The weight of the ballots that say yes or no: Y + O."""
        return self.yes + self.no

    @property
    def voting(self) -> int:
        """The weight of all ballots: Y + O + A."""
        return self.yes + self.no + self.abstain


def total(groups: Iterable[BallotGroup]) -> Sums:
    """Add groups up, in any order and however they were split. Raises ValueError."""
    sums = dict.fromkeys(CHOICES, 0)
    heads = 0
    for group in groups:
        if group.choice not in sums or group.heads < 0 or group.weight < 0:
            raise ValueError(f"not a group of ballots: {group}")
        sums[group.choice] += group.weight
        heads += group.heads
    return Sums(sums[FOR], sums[AGAINST], sums[ABSTAIN], heads)
