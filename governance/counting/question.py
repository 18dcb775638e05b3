"""What is asked, what was answered, and what came of it, for a vote of any kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.counting.motion import ChamberResult, MotionRules
from governance.counting.ranked import Ranking
from governance.counting.sums import Roll, Sums
from governance.counting.threshold import Threshold

KEEP = "keep"
"""The id of the standing option of a ranked motion: keep things as they are (R4)."""


@dataclass(frozen=True)
class Question:
    """One vote: its kind, its options by id, and the rules it was announced with.

    `users_alone` is the share of R11, in second votes that it applies to. `objections` are those
    to a consent that are open. `square_root` puts 4·V² >= 9·n in the place of R3 (R4). `scale` is
    the highest score.
    """

    kind: str
    options: tuple[str, ...]
    rules: MotionRules
    seats: int = 1
    seed: str = ""
    users_alone: Threshold | None = None
    objections: int = 0
    square_root: bool = False
    scale: int = 5


@dataclass(frozen=True)
class Group:
    """Identical ballots of one chamber: how many heads, and what they weigh together."""

    answer: Any
    heads: int
    weight: int


@dataclass(frozen=True)
class Votes:
    """One chamber: its frozen roll, and all that was cast in it."""

    roll: Roll
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Counted:
    """What a vote came to.

    `winners` are option ids in the order of their success; none in motions, consents, and where
    things stay as they are. `decided_by` is (rule, chamber); the chamber is "" where all decided.
    `details` holds for each chamber its stage log, pairs, ties and margin.
    """

    kind: str
    passed: bool
    winners: tuple[str, ...]
    decided_by: tuple[str, str]
    chambers: tuple[ChamberResult, ...]
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seed: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """What a certificate holds under "result": `{"winners", "seed", "<chamber>": {…}}`."""
        by_chamber = {name: dict(detail) for name, detail in self.details.items()}
        return {"winners": list(self.winners), "seed": self.seed, **by_chamber}

    def passed_in(self, chamber: str) -> bool:
        """Whether a chamber agreed by itself; False for one that did not vote."""
        return any(c.passed for c in self.chambers if c.roll.chamber == chamber)


def cast_in(votes: Votes) -> Sums:
    """Who took part where nobody says yes or no: `yes` are those who chose, the rest abstained.

    Raises ValueError where more voted than were on the roll.
    """
    chose = sum(group.weight for group in votes.groups if group.answer)
    heads = sum(group.heads for group in votes.groups)
    weight = sum(group.weight for group in votes.groups)
    if weight > votes.roll.weight or heads > votes.roll.heads:
        raise ValueError(f"more ballots than voters in {votes.roll.chamber}")
    return Sums(chose, 0, weight - chose, heads)


def ranking_of(answer: list[list[str]], places: Mapping[str, int]) -> Ranking:
    """Ranks of ids as ranks of option numbers."""
    return tuple(tuple(places[option] for option in rank) for rank in answer)


def tie_documents(ties: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Ties by option ids: who was equal, who was taken, by what."""
    return [
        {"options": [names[n] for n in tie.options], "taken": names[tie.taken], "by": tie.by}
        for tie in ties
    ]
