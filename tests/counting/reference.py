"""STV ballot by ballot, in fractions, with a switch for each point where programs differ.

Written apart from the core, as slowly and plainly as it can be: it is what the core and the
libraries are held against.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from governance.counting.ranked import Election


@dataclass(frozen=True)
class Rules:
    """How a program reads "single transferable vote".

    `whole_quota`: floor(V / (s + 1)) + 1, else V / (s + 1) exactly. `weighted`: a surplus is taken
    from each ballot in proportion to what it is worth, else from each ballot alike. `at_once`: all
    surpluses of a round together, else the largest one. `cut`: transfer values are cut off after
    five decimals. `batch`: options that cannot win even together are excluded in one go.
    """

    whole_quota: bool = True
    weighted: bool = True
    at_once: bool = False
    cut: bool = True
    batch: bool = False


@dataclass
class Paper:
    """One ballot, or several alike that stay together."""

    wishes: list[int]
    number: int
    worth: Fraction = Fraction(1)


@dataclass
class Table:
    """A count: who holds which papers."""

    election: Election
    seats: int
    rules: Rules
    running: set[int] = field(default_factory=set)
    elected: list[int] = field(default_factory=list)
    heaps: dict[int, list[Paper]] = field(default_factory=dict)
    tied: bool = False

    def votes(self, option: int) -> Fraction:
        return sum((p.worth * p.number for p in self.heaps[option]), Fraction(0))


def stv(election: Election, seats: int, rules: Rules) -> tuple[set[int], bool]:
    """Who is elected, and whether a tie was met on the way (then programs may differ freely)."""
    options = range(len(election.names))
    table = Table(election, seats, rules, set(options), heaps={o: [] for o in options})
    papers = [
        Paper([o for rank in said for o in rank], int(n)) for said, n in election.ballots.items()
    ]
    quota = Fraction(sum(p.number for p in papers), seats + 1)
    if rules.whole_quota:
        quota = Fraction(quota.numerator // quota.denominator + 1)
    for paper in papers:
        deal(table, paper)
    surpluses: list[int] = []
    while len(table.elected) < seats:
        surpluses += elect(table, quota)
        if len(table.running) <= seats - len(table.elected):
            table.elected += table.running
        elif len(table.elected) < seats:
            step(table, surpluses, quota)
    return set(table.elected), table.tied


def deal(table: Table, paper: Paper) -> None:
    """Give a paper to the first of its wishes that is running."""
    target = next((o for o in paper.wishes if o in table.running), None)
    if target is not None:
        table.heaps[target].append(paper)


def elect(table: Table, quota: Fraction) -> list[int]:
    """Those with the quota, the strongest first, as long as there are seats."""
    over = sorted((o for o in table.running if table.votes(o) >= quota), key=table.votes)
    if not table.rules.whole_quota and any(table.votes(o) == quota for o in table.running):
        table.tied = True  # floats cannot tell it from a little less
    free = table.seats - len(table.elected)
    if len(over) > free and table.votes(over[-free]) == table.votes(over[-free - 1]):
        table.tied = True
    new = over[::-1][:free]
    table.elected += new
    table.running -= set(new)
    return [o for o in new if table.votes(o) > quota]


def step(table: Table, surpluses: list[int], quota: Fraction) -> None:
    """Pass on what is over, or let the last one go."""
    if not surpluses:
        exclude(table)
        return
    surpluses.sort(key=table.votes)
    if len(surpluses) > 1 and table.votes(surpluses[-1]) == table.votes(surpluses[-2]):
        table.tied = True
    now = surpluses[::-1] if table.rules.at_once else [surpluses[-1]]
    for option in now:
        surpluses.remove(option)
        pass_on(table, option, quota)


def pass_on(table: Table, option: int, quota: Fraction) -> None:
    """Every paper goes on with its part of the surplus; the elected one keeps none."""
    papers, total = table.heaps[option], table.votes(option)
    alike = (total - quota) / sum(p.number for p in papers)
    table.heaps[option] = []
    for paper in papers:
        part = paper.worth * (total - quota) / total if table.rules.weighted else alike
        worth = Fraction(part * 100_000 // 1, 100_000) if table.rules.cut else part
        deal(table, Paper(paper.wishes, paper.number, worth))


def exclude(table: Table) -> None:
    """The one with the fewest votes, or all who cannot win, hand their papers on."""
    last = sorted(table.running, key=table.votes)
    if len(last) > 1 and table.votes(last[0]) == table.votes(last[1]):
        table.tied = True
    out = hopeless(table, last[::-1]) if table.rules.batch else last[:1]
    table.running -= set(out)
    for option in out:
        papers, total = table.heaps[option], table.votes(option)
        table.heaps[option] = []
        for paper in papers:
            alike = total / sum(p.number for p in papers)
            worth = paper.worth if table.rules.weighted else alike
            deal(table, Paper(paper.wishes, paper.number, worth))


def hopeless(table: Table, strongest_first: list[int]) -> list[int]:
    """From the end: all whose votes together are not more than those of the one before them."""
    seats = table.seats - len(table.elected)
    for place in range(seats, len(strongest_first)):
        rest = strongest_first[place:]
        before = table.votes(strongest_first[place - 1]) if place else Fraction(0)
        if sum(map(table.votes, rest)) <= before:
            return rest[::-1]
    return strongest_first[-1:]
