"""STV by the rules of Scottish local elections (SSI 2007/42, schedule 1, rules 45 to 52), exact.

Votes are counted in hundred-thousandths, as ints: the law cuts transfer values off there.
"""

from fractions import Fraction

from governance.counting.outcome import Outcome, Round, Ties
from governance.counting.piles import Piles
from governance.counting.ranked import Election, Number, Reading, single_rankings

ONE = 100_000
"""The value of a ballot at its first preference, in hundred-thousandths of a vote."""


def scottish_stv(election: Election, *, seats: int, reading: Reading, seed: str = "") -> Outcome:
    """Elect `seats` by Droop's quota, surpluses by weighted inclusive Gregory.

    One surplus or one exclusion a round; ties by the latest earlier round in which the options
    differed, else by the lot.
    """
    ballots, invalid = single_rankings(election, reading)
    count = Count(election, seats, seed)
    valid = sum(ballots.values())
    count.quota = (int(valid // (seats + 1)) + 1) * ONE
    count.piles.deal(ballots, ONE)
    count.run()
    return Outcome(
        "scottish-stv", tuple(count.elected), tuple(count.rounds), valid, invalid,
        exhausted=in_votes(count.piles.exhausted), ties=tuple(count.ties.found),
        quota=in_votes(count.quota),
    )  # fmt: skip


def in_votes(units: Number) -> Number:
    """Hundred-thousandths as votes."""
    return Fraction(units) / ONE


def cut(value: Number, among: int) -> Number:
    """A part of a ballot's value, cut off at five decimals like every transfer value."""
    return value // among


class Count:
    """One count under way."""

    def __init__(self, election: Election, seats: int, seed: str) -> None:
        self.seats = min(seats, len(election.running))
        self.quota: Number = 0
        self.piles = Piles(election.running, cut)
        self.ties = Ties(election.names, seed)
        self.elected: list[int] = []
        self.surpluses: list[int] = []
        self.history: list[dict[int, Number]] = []
        self.rounds: list[Round] = []

    def run(self) -> None:
        """Rounds until the seats are filled."""
        while len(self.elected) < self.seats:
            tally = dict(self.piles.votes)
            new = self.over_quota(tally)
            self.elect(new)
            rest = self.fill_last()
            out = () if rest or self.surpluses or self.is_full else (self.lowest(tally),)
            self.history.append(tally)
            shown = {option: in_votes(votes) for option, votes in tally.items()}
            self.rounds.append(Round(shown, (*new, *rest), out))
            if self.is_full:
                return
            self.exclude(out[0]) if out else self.transfer(self.largest_surplus(tally))

    @property
    def is_full(self) -> bool:
        return len(self.elected) >= self.seats

    def over_quota(self, tally: dict[int, Number]) -> tuple[int, ...]:
        """Running options that have the quota, most votes first, as far as there are seats."""
        found = [o for o in self.piles.running if tally[o] >= self.quota]
        ordered: list[int] = []
        while found and len(self.elected) + len(ordered) < self.seats:
            most = max(tally[option] for option in found)
            best = self.ties.best(
                sorted(option for option in found if tally[option] == most), self.history
            )
            ordered.append(best)
            found.remove(best)
        return tuple(ordered)

    def elect(self, options: tuple[int, ...]) -> None:
        """They take no more votes; what they have over the quota is passed on."""
        for option in options:
            self.elected.append(option)
            self.piles.running.discard(option)
            if self.piles.votes[option] > self.quota:
                self.surpluses.append(option)

    def fill_last(self) -> tuple[int, ...]:
        """All who are left, once there are no more of them than seats."""
        if len(self.piles.running) > self.seats - len(self.elected):
            return ()
        votes = self.piles.votes
        rest = tuple(sorted(self.piles.running, key=lambda o: (-votes[o], self.ties.lot(o))))
        self.elected += rest
        self.piles.running.clear()
        return rest

    def lowest(self, tally: dict[int, Number]) -> int:
        """Who is excluded next."""
        fewest = min(tally[option] for option in self.piles.running)
        equal = sorted(o for o in self.piles.running if tally[o] == fewest)
        return self.ties.worst(equal, self.history)

    def exclude(self, option: int) -> None:
        """Pass every ballot on at the value at which it came."""
        for (below, value), count in self.piles.taken_up(option).items():
            self.piles.place(below, count, value)
        del self.piles.votes[option]

    def largest_surplus(self, tally: dict[int, Number]) -> int:
        """Whose surplus is passed on next."""
        most = max(tally[option] for option in self.surpluses)
        equal = [option for option in self.surpluses if tally[option] == most]
        return self.ties.best(equal, self.history[:-1])

    def transfer(self, option: int) -> None:
        """Pass every ballot on at surplus / votes of the value at which it came, cut off."""
        self.surpluses.remove(option)
        total = self.piles.votes[option]
        surplus = total - self.quota
        for (below, value), count in self.piles.taken_up(option).items():
            self.piles.place(below, count, value * surplus // total)
        self.piles.votes[option] = self.quota
