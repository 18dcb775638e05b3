"""Schulze's method by winning votes: the strongest paths between options decide.

What a ballot does not rank is ranked last, all of it equal; equal options beat each other on no
ballot.
"""

from collections import defaultdict
from collections.abc import Mapping

from governance.counting.outcome import Outcome, Ties
from governance.counting.ranked import Election, Number, Ranking, Reading, whole_rankings

Pairs = dict[tuple[int, int], Number]


def schulze(election: Election, *, seats: int, reading: Reading, seed: str = "") -> Outcome:
    """The options that no other one beats by a stronger path; ties by the lot.

    Several seats go to the first of the order that the paths give, one after the other.
    """
    del reading  # equal and skipped ranks mean just what they say
    ballots, invalid = whole_rankings(election)
    pairs = pairwise(ballots, election.running)
    paths = strongest(pairs, election.running)
    ties = Ties(election.names, seed)
    winners = first_of(paths, list(election.running), seats, ties)
    return Outcome(
        "schulze", winners, (), sum(ballots.values()), invalid,
        pairwise=pairs, ties=tuple(ties.found),
    )  # fmt: skip


def pairwise(ballots: Mapping[Ranking, Number], running: tuple[int, ...]) -> Pairs:
    """How many ballots rank the first above the second, for each two options.

    A rank and the set of all that stand below it are counted once for every distinct pair of
    sets, and taken apart afterwards: there are far fewer of them than ballots.
    """
    everybody = sum(1 << option for option in running)
    beaten: defaultdict[tuple[tuple[int, ...], int], Number] = defaultdict(int)
    for ranking, count in ballots.items():
        below = everybody
        for rank in ranking:
            for option in rank:
                below &= ~(1 << option)
            beaten[rank, below] += count
    return taken_apart(beaten, running)


def taken_apart(
    beaten: Mapping[tuple[tuple[int, ...], int], Number], running: tuple[int, ...]
) -> Pairs:
    """The counts of sets of options as counts of options."""
    rows: defaultdict[tuple[int, int], Number] = defaultdict(int)
    for (rank, below), count in beaten.items():
        for option in rank:
            rows[option, below] += count
    pairs: Pairs = {(a, b): 0 for a in running for b in running if a != b}
    for (option, below), count in rows.items():
        while below:
            lowest = below & -below
            pairs[option, lowest.bit_length() - 1] += count
            below ^= lowest
    return pairs


def strongest(pairs: Pairs, running: tuple[int, ...]) -> Pairs:
    """The strength of the strongest path from each option to each other: its weakest step."""
    paths = {
        (a, b): votes if votes > pairs[b, a] else 0 for (a, b), votes in pairs.items()
    }  # fmt: skip
    for via in running:
        for a in running:
            if a == via:
                continue
            to_via = paths[a, via]
            for b in running:
                if b not in (a, via):
                    paths[a, b] = max(paths[a, b], min(to_via, paths[via, b]))
    return paths


def first_of(paths: Pairs, left: list[int], seats: int, ties: Ties) -> tuple[int, ...]:
    """So many options, each unbeaten among those that are left."""
    winners: list[int] = []
    while left and len(winners) < seats:
        unbeaten = [a for a in left if all(paths[a, b] >= paths[b, a] for b in left if b != a)]
        winner = ties.best(unbeaten, [])
        winners.append(winner)
        left.remove(winner)
    return tuple(winners)
