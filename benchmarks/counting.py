"""Counting a quarter of a million ranked ballots with many ties, beside votelib and pyrankvote.

    python -m benchmarks.counting [--quick]

Every count runs in this process, one after the other, on the same ballots; the libraries get a
smaller share of them where the whole takes minutes, and the ratio is by ballots a second.
"""

import argparse
import time
import warnings
from collections import Counter
from collections.abc import Callable
from random import Random

import pyrankvote
from votelib.convert import RankedToCondorcetVotes
from votelib.evaluate.condorcet import Schulze
from votelib.evaluate.sequential import TransferableVoteSelector

from governance.counting import (
    ABSTAIN,
    AGAINST,
    CHOICES,
    FOR,
    MotionResult,
    MotionRules,
    Roll,
    Sums,
    Threshold,
    count_motion,
)
from governance.counting.delegation import NOBODY, Caps, resolve
from governance.counting.methods import count
from governance.counting.ranked import Election, Equal, Ranking, Reading

BALLOTS = 254_000
OPTIONS = 9
SEATS = 3


def cast(number: int, *, equal: bool, seed: int = 7) -> Election:
    """So many ballots around a few opinions: no two of ten thousand are quite alike."""
    dice = Random(seed)
    opinions = [dice.sample(range(OPTIONS), OPTIONS) for _ in range(6)]
    ballots: Counter[Ranking] = Counter()
    for _ in range(number):
        order = list(dice.choice(opinions))
        for _ in range(dice.randint(0, 6)):
            a, b = dice.randrange(OPTIONS), dice.randrange(OPTIONS)
            order[a], order[b] = order[b], order[a]
        ballots[ranks(order[: dice.randint(1, OPTIONS)], dice, equal)] += 1
    return Election(tuple(f"option {n}" for n in range(OPTIONS)), dict(ballots))


def ranks(order: list[int], dice: Random, equal: bool) -> Ranking:
    """The order as ranks; with `equal` a third of the options share one with the one before."""
    found: list[tuple[int, ...]] = []
    for option in order:
        if equal and found and dice.random() < 1 / 3:
            found[-1] = tuple(sorted((*found[-1], option)))
        else:
            found.append((option,))
    return tuple(found)


def seconds(work: Callable[[], object]) -> float:
    """The best of three: what else the machine does only adds."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def own(made: Election, ballots: int) -> None:
    """Our methods, with the ways in which equal ranks are read."""
    kinds = len(made.ballots)
    print(f"{ballots} ballots, {kinds} of them different, {OPTIONS} options")
    for method, seats, reading in (
        ("schulze", 1, Reading()),
        ("irv", 1, Reading()),
        ("irv", 1, Reading(Equal.SPLIT)),
        ("scottish-stv", SEATS, Reading()),
        ("scottish-stv", SEATS, Reading(Equal.SPLIT)),
    ):
        took = seconds(lambda m=method, s=seats, r=reading: count(m, made, seats=s, reading=r))
        print(f"  {method:14} equal ranks {reading.equal:8} {took:6.2f} s")


def libraries(number: int) -> None:
    """The same clear ballots through all programs; the ratio is theirs by ours."""
    made = cast(number, equal=False)
    votes = {tuple(rank[0] for rank in said): n for said, n in made.ballots.items()}
    print(f"\n{number} ballots without ties through each program, {len(votes)} different")
    ours = {m: seconds(lambda m=m: count(m, made, seats=SEATS if m == "scottish-stv" else 1))
            for m in ("irv", "scottish-stv", "schulze")}  # fmt: skip
    pairs = RankedToCondorcetVotes()
    stv = TransferableVoteSelector(quota_function="droop", transferer="Gregory")
    people = [pyrankvote.Candidate(name) for name in made.names]
    papers = [
        pyrankvote.Ballot(ranked_candidates=[people[n] for n in said])
        for said, n in votes.items()
        for _ in range(int(n))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = {
            ("votelib", "schulze"): lambda: Schulze().evaluate(pairs.convert(votes), 1),
            ("votelib", "irv"): lambda: stv.evaluate(votes, 1),
            ("votelib", "scottish-stv"): lambda: stv.evaluate(votes, SEATS),
            ("pyrankvote", "irv"): lambda: pyrankvote.instant_runoff_voting(people, papers),
            ("pyrankvote", "scottish-stv"): lambda: pyrankvote.single_transferable_vote(
                people, papers, number_of_seats=SEATS
            ),
        }
        for (program, method), work in theirs.items():
            took = seconds(work)
            print(f"  {method:14} {program:11} {took:7.2f} s, ours {ours[method]:6.3f} s: "
                  f"{took / ours[method]:6.1f} times as long")  # fmt: skip


def motion(voters: int) -> None:
    """A motion of so many voters, of whom three in ten delegate, through up to dozens of steps."""
    dice = Random(11)
    voted = [dice.random() < 0.6 for _ in range(voters)]
    named = [dice.randrange(voters) if dice.random() < 0.75 else NOBODY for _ in range(voters)]
    choices = [dice.choice(CHOICES) for _ in range(voters)]
    weights = [1] * voters

    def work() -> MotionResult:
        found = resolve(voted, named, weights, Caps(5, Threshold(1, 10, strict=False)))
        sums = dict.fromkeys(CHOICES, 0)
        heads = 0
        for row, speaker in enumerate(found.speaker):
            if speaker != NOBODY:
                sums[choices[speaker]] += weights[row]
                heads += 1
        counted = Sums(sums[FOR], sums[AGAINST], sums[ABSTAIN], heads)
        rules = MotionRules(Threshold(1, 2, strict=True), Threshold(1, 4, strict=False))
        return count_motion([(Roll("users", voters, voters), counted)], rules)

    took = seconds(work)
    lost = voters - work().chambers[0].sums.heads
    print(f"\n{voters} voters of a motion with delegations resolved: {took:.2f} s, {lost} silent")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the ballots")
    ballots = BALLOTS // 10 if parser.parse_args().quick else BALLOTS
    own(cast(ballots, equal=True), ballots)
    motion(1_000_000 * ballots // BALLOTS)
    libraries(ballots // 10)


if __name__ == "__main__":
    main()
