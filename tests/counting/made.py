"""Random elections, the same ones for the same number."""

from collections import Counter
from random import Random

from governance.counting.ranked import Election, Ranking


def election(seed: int, *, equal: bool = False, options: int = 7) -> tuple[Election, Random]:
    """Up to `options` options and a dozen kinds of ballots; with `equal` they share ranks."""
    dice = Random(seed)
    names = tuple(f"option {n}" for n in range(dice.randint(2, options)))
    ballots: Counter[Ranking] = Counter()
    for _ in range(dice.randint(2, 12)):
        ranked = dice.sample(range(len(names)), dice.randint(1, len(names)))
        ranks: list[tuple[int, ...]] = []
        for option in ranked:
            if ranks and equal and dice.random() < 0.4:
                ranks[-1] = tuple(sorted((*ranks[-1], option)))
            else:
                ranks.append((option,))
        ballots[tuple(ranks)] += dice.randint(1, 100)
    return Election(names, dict(ballots)), dice
