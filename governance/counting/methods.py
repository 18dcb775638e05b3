"""The methods by the names that files, commands and proposals use."""

from typing import Protocol

from governance.counting.irv import irv
from governance.counting.outcome import Outcome
from governance.counting.ranked import Election, Reading
from governance.counting.schulze import schulze
from governance.counting.scottish import scottish_stv
from governance.counting.simple import approval, plurality, score


class Method(Protocol):
    """A way of counting: the same ballots and the same seed always give the same outcome."""

    def __call__(
        self, election: Election, *, seats: int, reading: Reading, seed: str = ""
    ) -> Outcome: ...


METHODS: dict[str, Method] = {
    "plurality": plurality,
    "approval": approval,
    "score": score,
    "irv": irv,
    "schulze": schulze,
    "scottish-stv": scottish_stv,
}


def count(
    method: str, election: Election, *, seats: int | None = None,
    reading: Reading | None = None, seed: str = "",
) -> Outcome:  # fmt: skip
    """Count an election; without `seats` for as many as it says itself.

    Raises ValueError for an unknown method, for seats that cannot be filled, and for scores that
    are not there.
    """
    wanted = election.seats if seats is None else seats
    if method not in METHODS:
        raise ValueError(f"no method {method!r}: there are {', '.join(METHODS)}")
    if not 1 <= wanted <= len(election.running):
        raise ValueError(f"{wanted} seats cannot be filled from {len(election.running)} options")
    if method == "score" and not election.scores:
        raise ValueError("these ballots rank and give no scores")
    return METHODS[method](election, seats=wanted, reading=reading or Reading(), seed=seed)
