"""Instant runoff: the option with the fewest first preferences goes, until one has a majority."""

import math
from collections.abc import Iterable
from fractions import Fraction

from governance.counting.outcome import Outcome, Round, Tally, Ties
from governance.counting.piles import Piles
from governance.counting.ranked import Election, Number, Ranking, Reading, single_rankings


def irv(election: Election, *, seats: int = 1, reading: Reading, seed: str = "") -> Outcome:
    """Elect one. A majority is more than half of the ballots that still count.

    Raises ValueError for more than one seat: that is what STV is for.
    """
    if seats != 1:
        raise ValueError("IRV elects one; take scottish-stv for several seats")
    ballots, invalid = single_rankings(election, reading)
    one = divisible(ballots)
    piles = Piles(election.running, parted)
    piles.deal(ballots, one)
    ties = Ties(election.names, seed)
    rounds = [in_votes(each, one) for each in run(piles, ties)]
    winners = rounds[-1].elected if rounds else ()
    return Outcome(
        "irv", winners, tuple(rounds), sum(ballots.values()), invalid,
        exhausted=Fraction(piles.exhausted) / one, ties=tuple(ties.found),
    )  # fmt: skip


def divisible(ballots: Iterable[Ranking]) -> int:
    """How many parts one ballot has, so that every part of a part is a whole number of them.

    Whole numbers are added up many times faster than fractions.
    """
    largest, most = 1, 0
    for said in ballots:
        sizes = [len(rank) for rank in said if len(rank) > 1]
        if sizes:
            largest = max(largest, *sizes)
            most = max(most, sum(sizes) - len(sizes))
    parts: int = math.lcm(*range(1, largest + 1)) ** most
    return parts


def parted(value: Number, among: int) -> Number:
    """An exact part: `divisible` has made sure of it."""
    return value // among


def in_votes(one: Round, unit: int) -> Round:
    """A round in votes instead of their parts."""
    tally = {option: Fraction(votes) / unit for option, votes in one.tallies.items()}
    return Round(tally, one.elected, one.eliminated)


def run(piles: Piles, ties: Ties) -> list[Round]:
    """Round after round until one option has a majority or is the last."""
    rounds: list[Round] = []
    while piles.running:
        tally: Tally = {option: piles.votes[option] for option in sorted(piles.running)}
        before = [one.tallies for one in rounds]
        leader = max(tally, key=lambda option: tally[option])
        if 2 * tally[leader] > sum(tally.values()) or len(tally) == 1:
            rounds.append(Round(tally, (leader,)))
            break
        lowest = [option for option in tally if tally[option] == min(tally.values())]
        out = ties.worst(lowest, before)
        rounds.append(Round(tally, eliminated=(out,)))
        for (below, value), count in piles.taken_up(out).items():
            piles.place(below, count, value)
    return rounds
