"""Methods with one round: plurality, approval and score."""

from fractions import Fraction

from governance.counting.outcome import Outcome, Round, Ties
from governance.counting.ranked import (
    Election,
    Number,
    Reading,
    Scores,
    repeats,
    single_rankings,
    whole_rankings,
)


def plurality(election: Election, *, seats: int, reading: Reading, seed: str = "") -> Outcome:
    """Each ballot is one vote for what it ranks first; the most votes win."""
    ballots, invalid = single_rankings(election, reading)
    tally: dict[int, Number] = dict.fromkeys(election.running, 0)
    for ranking, count in ballots.items():
        for option in ranking[0]:
            tally[option] += part(count, len(ranking[0]))
    return by_tally("plurality", election, tally, seats, seed, sum(ballots.values()), invalid)


def approval(election: Election, *, seats: int, reading: Reading, seed: str = "") -> Outcome:
    """Each ballot approves of all that it names, whatever the rank; the most approvals win."""
    del reading  # nothing here depends on the order of ranks
    ballots, invalid = whole_rankings(election)
    tally: dict[int, Number] = dict.fromkeys(election.running, 0)
    for ranking, count in ballots.items():
        for rank in ranking:
            for option in rank:
                tally[option] += count
    return by_tally("approval", election, tally, seats, seed, sum(ballots.values()), invalid)


def score(election: Election, *, seats: int, reading: Reading, seed: str = "") -> Outcome:
    """The sum of the scores; what a ballot does not name gets none of it. The highest wins."""
    del reading
    tally: dict[int, Number] = dict.fromkeys(election.running, 0)
    valid: Number = 0
    invalid = election.invalid
    for scores, count in election.scores.items():
        if repeats(tuple((option,) for option, _ in scores)):
            invalid += count
            continue
        valid += count
        add(tally, scores, count)
    return by_tally("score", election, tally, seats, seed, valid, invalid)


def add(tally: dict[int, Number], scores: Scores, count: Number) -> None:
    for option, value in scores:
        if option in tally:
            tally[option] += value * count


def part(count: Number, among: int) -> Number:
    """An equal part of a vote; a whole vote stays an int."""
    return count if among == 1 else Fraction(count) / among


def by_tally(
    method: str, election: Election, tally: dict[int, Number], seats: int, seed: str,
    valid: Number, invalid: Number,
) -> Outcome:  # fmt: skip
    """The outcome of a method that only adds up."""
    ties = Ties(election.names, seed)
    winners = ties.first(tally, seats)
    rounds = (Round(tally, winners),)
    return Outcome(method, winners, rounds, valid, invalid, ties=tuple(ties.found))
