"""Delegations and proxies (R12, R13): who speaks for whom, from the final state alone.

Voters are numbers from 0, the rows of one chamber's roll. Everybody who cast no ballot and named
somebody is followed, step by step, to the first who did cast one. Nothing depends on the order in
which delegations were made or ballots cast.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.counting.threshold import Threshold

NOBODY = -1


class Lost(StrEnum):
    """Why a delegation counts as not voting."""

    END = "end"
    """the last one on the way neither voted nor named anybody"""
    LOOP = "loop"
    """the way comes back to somebody on it"""
    CAP = "cap"
    """the one at its end speaks for as many as the rules allow"""


@dataclass(frozen=True)
class Caps:
    """How much one voter may speak for besides themselves; None is no limit.

    `share` of the chamber's whole weight, never strict: that much is still allowed.
    """

    heads: int | None = None
    share: Threshold | None = None


@dataclass(frozen=True)
class Resolution:
    """For each voter the row whose ballot counts for them (their own, another's, or NOBODY).

    `lost` says why for those who named somebody in vain; `carried` is the weight that each voter
    with a ballot speaks for besides their own.
    """

    speaker: Sequence[int]
    lost: Mapping[int, Lost]
    carried: Mapping[int, int]


def resolve(
    voted: Sequence[bool], named: Sequence[int], weights: Sequence[int], caps: Caps | None = None
) -> Resolution:
    """Whose ballot counts for whom.

    `voted[i]`: whether i cast a ballot (then `named[i]` is of no account); `named[i]`: whom i
    named, or NOBODY. Over a cap the nearest are kept, at equal distance those who come first on
    the roll. Raises ValueError where somebody outside of the roll is named.
    """
    if not len(voted) == len(named) == len(weights):
        raise ValueError("one entry for each row of the roll")
    if named and not NOBODY <= min(named) <= max(named) < len(named):
        raise ValueError("somebody named is not on the roll")
    speaker, steps, lost = walked(voted, named)
    carried = kept_within(speaker, steps, lost, voted, weights, caps or Caps())
    return Resolution(speaker, lost, carried)


def walked(
    voted: Sequence[bool], named: Sequence[int]
) -> tuple[list[int], list[int], dict[int, Lost]]:
    """Where each walk ends, after how many steps, and why it ends nowhere.

    Each row is walked over once: what is known of a row on the way is known of all before it.
    """
    size = len(voted)
    speaker = [row if cast else NOBODY for row, cast in enumerate(voted)]
    steps = [0] * size
    known = bytearray(1 if cast else 0 for cast in voted)
    lost: dict[int, Lost] = {}
    for start in range(size):
        row, path = start, []
        while not known[row]:
            known[row] = 2  # on this very path
            path.append(row)
            if named[row] == NOBODY:
                break
            row = named[row]
        if path:
            settle(path, row, speaker, steps, known, lost, named)
    return speaker, steps, lost


def settle(
    path: list[int], end: int, speaker: list[int], steps: list[int], known: bytearray,
    lost: dict[int, Lost], named: Sequence[int],
) -> None:  # fmt: skip
    """Write down for a whole path what its end has shown."""
    if known[end] == 2:
        why = Lost.END if named[end] == NOBODY else Lost.LOOP
        for row in path:
            known[row] = 1
            if named[row] != NOBODY:
                lost[row] = why
        return
    for row in reversed(path):
        after = named[row]
        known[row] = 1
        speaker[row], steps[row] = speaker[after], steps[after] + 1
        if speaker[row] == NOBODY:
            lost[row] = lost.get(after, Lost.END)


def kept_within(
    speaker: list[int], steps: list[int], lost: dict[int, Lost], voted: Sequence[bool],
    weights: Sequence[int], caps: Caps,
) -> dict[int, int]:  # fmt: skip
    """The weight that each speaker carries for others; what is over a cap is taken out."""
    followers: defaultdict[int, list[int]] = defaultdict(list)
    for row, end in enumerate(speaker):
        if end not in (NOBODY, row):
            followers[end].append(row)
    most = None if caps.share is None else caps.share.num * sum(weights) // caps.share.den
    carried = {}
    for end, rows in followers.items():
        rows.sort(key=lambda row: (steps[row], row))
        carried[end] = 0
        for place, row in enumerate(rows):
            more = carried[end] + weights[row]
            if (caps.heads is not None and place >= caps.heads) or (
                most is not None and more > most
            ):
                drop(rows[place:], speaker, lost)
                break
            carried[end] = more
    return carried


def drop(rows: list[int], speaker: list[int], lost: dict[int, Lost]) -> None:
    """These speak through nobody."""
    for row in rows:
        speaker[row] = NOBODY
        lost[row] = Lost.CAP
