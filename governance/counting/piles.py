"""Piles of ballots by the option that they count for now: what IRV and STV move around."""

from collections.abc import Callable, Iterable, Mapping

from governance.counting.ranked import Number, Ranking

Bundle = tuple[Ranking, Number]
"""What identical ballots still say below the option they count for, and what each is worth."""
Share = Callable[[Number, int], Number]
"""A ballot's value divided among so many options that it ranks equal."""


class Piles:
    """Where every ballot lies; `exhausted` is the worth of those that name nobody any more."""

    def __init__(self, running: Iterable[int], share: Share) -> None:
        self._share = share
        self.running = set(running)
        self.piles: dict[int, dict[Bundle, Number]] = {option: {} for option in self.running}
        self.votes: dict[int, Number] = dict.fromkeys(sorted(self.running), 0)
        self.exhausted: Number = 0

    def deal(self, ballots: Mapping[Ranking, Number], value: Number) -> None:
        """Lay every ballot with its first preference."""
        for ranking, count in ballots.items():
            self.place(ranking, count, value)

    def place(self, ranking: Ranking, count: Number, value: Number) -> None:
        """Lay identical ballots with the next option that is still running."""
        running = self.running
        for depth, rank in enumerate(ranking):
            if len(rank) == 1:
                if rank[0] in running:
                    self._lay(rank[0], (ranking[depth + 1 :], value), count)
                    return
            elif alive := tuple(option for option in rank if option in running):
                self._split(alive, ranking[depth + 1 :], count, value)
                return
        self.exhausted += count * value

    def _split(self, alive: tuple[int, ...], below: Ranking, count: Number, value: Number) -> None:
        each = self._share(value, len(alive))
        for option in alive:
            others = tuple(other for other in alive if other != option)
            self._lay(option, ((others, *below) if others else below, each), count)
        self.exhausted += count * (value - each * len(alive))

    def _lay(self, option: int, bundle: Bundle, count: Number) -> None:
        pile = self.piles[option]
        pile[bundle] = pile.get(bundle, 0) + count
        self.votes[option] += count * bundle[1]

    def taken_up(self, option: int) -> dict[Bundle, Number]:
        """Take an option out of the running and hand over its pile."""
        self.running.discard(option)
        return self.piles.pop(option)
