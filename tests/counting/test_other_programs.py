"""The core against votelib and pyrankvote on thousands of made-up elections.

Where they disagree the reason is one of those named here: the reference count with the other
program's rule in place of ours gives the other program's winners.
"""

import warnings
from collections import Counter

import pyrankvote
from pyrankvote import Ballot, Candidate
from votelib.evaluate.condorcet import Schulze
from votelib.evaluate.core import VotingSystemError
from votelib.evaluate.sequential import TransferableVoteSelector

from governance.counting.methods import count
from governance.counting.ranked import Election
from tests.counting.made import election
from tests.counting.reference import Rules, stv

MANY = range(1500)
VOTELIB = Rules(at_once=True, cut=False)
PYRANKVOTE = Rules(whole_quota=False, weighted=False, at_once=True, cut=False, batch=True)


def lines(made: Election) -> dict[tuple[int, ...], int]:
    """The ballots as votelib takes them."""
    return {tuple(rank[0] for rank in said): int(n) for said, n in made.ballots.items()}


def by_votelib(made: Election, seats: int) -> set[int] | None:
    """votelib's winners; None where it gives up (a tie, a round without change)."""
    selector = TransferableVoteSelector(quota_function="droop", transferer="Gregory")
    try:
        return set(selector.evaluate(lines(made), seats))
    except (VotingSystemError, NotImplementedError):
        return None


def by_pyrankvote(made: Election, seats: int) -> set[int] | None:
    """pyrankvote's winners (equal options it orders at random); None where it gives up."""
    people = [Candidate(name) for name in made.names]
    ballots = [
        Ballot(ranked_candidates=[people[option] for option in said])
        for said, number in lines(made).items()
        for _ in range(number)
    ]
    try:
        result = (
            pyrankvote.instant_runoff_voting(people, ballots)
            if seats == 1
            else pyrankvote.single_transferable_vote(people, ballots, number_of_seats=seats)
        )
    except RuntimeError:
        return None
    return {people.index(person) for person in result.get_winners()}


def has_everyone_first(made: Election) -> bool:
    """Whether each option is somebody's first: votelib loses what goes to one that is not."""
    return {said[0][0] for said in made.ballots} == set(range(len(made.names)))


def test_stv_elects_whom_an_independent_count_and_two_programs_elect() -> None:
    seen: Counter[str] = Counter()
    for number in MANY:
        made, dice = election(number)
        seats = dice.randint(2, max(2, len(made.names) - 1))
        ours = set(count("scottish-stv", made, seats=min(seats, len(made.names))).winners)
        expected, tied = stv(made, min(seats, len(made.names)), Rules())
        if tied:
            seen["tied"] += 1
            continue
        assert ours == expected, number
        seen["counted"] += 1
        compare_votelib(made, seats, ours, seen, number)
        compare_pyrankvote(made, seats, ours, seen, number)
    assert seen["counted"] > 1200 and seen["votelib agrees"] > 500
    assert seen["pyrankvote agrees"] > 1100, seen


def compare_votelib(
    made: Election, seats: int, ours: set[int], seen: Counter[str], number: int
) -> None:
    """The same winners, or those of several surpluses passed on in one round."""
    theirs = by_votelib(made, seats)
    if theirs is None or not has_everyone_first(made):
        seen["votelib gives up or loses votes"] += 1
    elif theirs == ours:
        seen["votelib agrees"] += 1
    else:
        explained, tied = stv(made, seats, VOTELIB)
        assert tied or theirs == explained, number
        seen["votelib passes on several surpluses at once"] += 1


def compare_pyrankvote(
    made: Election, seats: int, ours: set[int], seen: Counter[str], number: int
) -> None:
    """The same winners, or those of its other quota, its unweighted surpluses, its batches."""
    theirs = by_pyrankvote(made, seats)
    if theirs is None:
        seen["pyrankvote gives up"] += 1
    elif theirs == ours:
        seen["pyrankvote agrees"] += 1
    else:
        explained, tied = stv(made, seats, PYRANKVOTE)
        assert tied or theirs == explained, number
        seen["pyrankvote has other rules"] += 1


def test_irv_elects_whom_pyrankvote_elects() -> None:
    agreed = 0
    for number in MANY:
        made, _ = election(number)
        ours = count("irv", made, seats=1)
        if not ours.ties:
            theirs = by_pyrankvote(made, 1)
            assert set(ours.winners) == theirs or stv(made, 1, PYRANKVOTE)[1], number
            agreed += set(ours.winners) == theirs
    assert agreed > 1200


def test_schulze_elects_whom_votelib_elects() -> None:
    agreed = 0
    for number in MANY:
        made, _ = election(number, equal=True)
        ours = count("schulze", made, seats=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = Schulze().evaluate(dict(ours.pairwise), 1)
        if ours.ties:
            continue  # votelib counts wins of paths there, we draw the lot among the unbeaten
        assert list(ours.winners) == theirs, number
        agreed += 1
    assert agreed > 1200


def test_the_pairs_are_those_that_are_counted_one_by_one() -> None:
    for number in range(300):
        made, _ = election(number, equal=True)
        found = count("schulze", made, seats=1).pairwise
        for (a, b), votes in found.items():
            assert votes == sum(n for said, n in made.ballots.items() if above(said, a, b))


def above(said: tuple[tuple[int, ...], ...], a: int, b: int) -> bool:
    """Whether a ballot ranks a above b; what it leaves out comes last."""
    places = {option: place for place, rank in enumerate(said) for option in rank}
    return places.get(a, len(said)) < places.get(b, len(said))
