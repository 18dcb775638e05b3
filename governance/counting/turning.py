"""How close a vote among options was: so many ballots, cast otherwise, give another outcome.

Finding the fewest is hard for IRV and STV. What is told is a number that is enough: it was tried
and counted again. For each option that did not win, ballots that help it least are made ballots
for it alone, then those who stayed away come and vote for it; the lowest number that turned the
outcome is the answer. The seed of the lot stays as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from governance.counting.question import Counted, Group, Question, Votes

MOST_WORK = 5_000_000
"""Where recounting would take longer than this many steps there is no margin."""
Decide = Callable[[Question, Sequence[Votes]], Counted]


def with_margins(
    question: Question, votes: Sequence[Votes], counted: Counted, decide: Decide
) -> Counted:
    """The same result with a margin for each chamber in its details; None where none is known."""
    details = {
        name: {**detail, "margin": enough_to_turn(question, votes, counted, place, decide)}
        for place, (name, detail) in enumerate(counted.details.items())
    }
    return replace(counted, details=details)


def enough_to_turn(
    question: Question, votes: Sequence[Votes], counted: Counted, place: int, decide: Decide
) -> int | None:
    """A number of ballots of one chamber that would have turned the outcome, all told."""
    chamber, rivals = votes[place], [o for o in question.options if o not in counted.winners]
    if work(question, votes, rivals) > MOST_WORK or not weighs_one(chamber):
        return None
    best: int | None = None
    for rival in rivals:
        most = chamber.roll.heads if best is None else best - 1
        found = fewest(most, turned_by(question, votes, counted, place, rival, decide))
        best = found if found is not None else best
    return best


def work(question: Question, votes: Sequence[Votes], rivals: Sequence[str]) -> int:
    """About how many steps trying takes."""
    groups = sum(len(each.groups) for each in votes)
    tries = len(rivals) * max(each.roll.heads.bit_length() for each in votes)
    return groups * len(question.options) ** 2 * tries


def weighs_one(votes: Votes) -> bool:
    return votes.roll.heads == votes.roll.weight


def turned_by(
    question: Question, votes: Sequence[Votes], counted: Counted, place: int, rival: str,
    decide: Decide,
) -> Callable[[int], bool]:  # fmt: skip
    """Whether so many ballots for this option alone turn the outcome."""

    def turned(changes: int) -> bool:
        changed = list(votes)
        changed[place] = with_ballots_for(question, votes[place], rival, changes)
        again = decide(question, changed)
        return (again.passed, set(again.winners)) != (counted.passed, set(counted.winners))

    return turned


def fewest(most: int, turned: Callable[[int], bool]) -> int | None:
    """The lowest number up to `most` that halving the distance finds; None where none turns it."""
    if most < 1 or not turned(most):
        return None
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if turned(middle) else (middle + 1, high)
    return low


def with_ballots_for(question: Question, votes: Votes, rival: str, changes: int) -> Votes:
    """So many ballots made ones for this option alone: those that help it least, then new ones."""
    kept, left = [], changes
    for group in sorted(votes.groups, key=lambda g: (helps(g.answer, rival), str(g.answer))):
        taken = min(left, group.heads)
        left -= taken
        if taken < group.heads:
            kept.append(Group(group.answer, group.heads - taken, group.weight - taken))
    absent = votes.roll.heads - sum(group.heads for group in votes.groups)
    made = changes - left + min(left, absent)
    return Votes(votes.roll, (*kept, Group(alone(question, rival), made, made)))


def helps(answer: object, rival: str) -> tuple[int, int]:
    """How much a ballot does for an option; blank ones come last of those that do nothing."""
    if isinstance(answer, dict):
        return int(answer.get(rival, 0)), int(not answer)
    if not isinstance(answer, list) or not answer:
        return 0, 1
    if isinstance(answer[0], str):
        return int(rival in answer), 0
    rank = next((n for n, options in enumerate(answer) if rival in options), None)
    return (0 if rank is None else 1_000_000 - rank), 0


def alone(question: Question, rival: str) -> object:
    """A ballot for one option."""
    if question.kind == "score":
        return {rival: question.scale}
    return [rival] if question.kind == "approval" else [[rival]]
