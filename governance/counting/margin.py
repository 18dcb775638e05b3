"""How close it was: the fewest votes that, cast otherwise, would have turned a chamber."""

from collections.abc import Iterator

from governance.counting.motion import ChamberResult, MotionRules, count_chamber
from governance.counting.sums import Sums


def margin(result: ChamberResult, rules: MotionRules) -> int | None:
    """The least weight that, voting otherwise than it did, gives the other outcome.

    Not voting is a way of voting here: an absent member who comes counts as one. None where
    nothing could have turned it. Every vote is taken to weigh one; with other weights the
    answer is in weight and a lower bound.
    """
    whole = result.roll.weight
    if not turns(result, rules, whole):
        return None
    low, high = 0, whole
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if turns(result, rules, middle) else (middle + 1, high)
    return low


def turns(result: ChamberResult, rules: MotionRules, changes: int) -> bool:
    """Whether at most `changes` votes can give the other outcome."""
    changed = defeats(result, changes) if result.passed else rescues(result, changes)
    return any(outcome(result, rules, sums) != result.passed for sums in changed)


def outcome(result: ChamberResult, rules: MotionRules, sums: Sums) -> bool:
    return count_chamber(result.roll, sums, rules).passed


def rescues(result: ChamberResult, changes: int) -> Iterator[Sums]:
    """Turn `changes` votes into yes: opponents first, or the absent first where turnout lacks."""
    for absent in {0, min(changes, missing_voters(result), result.not_voting)}:
        yield to_yes(result, absent, changes - absent)


def missing_voters(result: ChamberResult) -> int:
    """How many more must vote at all for R2."""
    return max([0, *(c.needed - c.has for c in result.checks if c.rule == "R2")])


def to_yes(result: ChamberResult, absent: int, others: int) -> Sums:
    sums = result.sums
    no = min(others, sums.no)
    abstain = min(others - no, sums.abstain)
    more = min(others - no - abstain, result.not_voting - absent)
    return Sums(
        yes=sums.yes + absent + no + abstain + more,
        no=sums.no - no,
        abstain=sums.abstain - abstain,
        heads=min(sums.heads + absent + more, result.roll.heads),
    )


def defeats(result: ChamberResult, changes: int) -> Iterator[Sums]:
    """Turn `changes` yes into no; or let voters stay away; or let all that count abstain."""
    sums = result.sums
    turned = min(changes, sums.yes)
    yield Sums(sums.yes - turned, sums.no + turned, sums.abstain, sums.heads)
    yield stay_away(sums, min(changes, sums.voting))
    neutral = min(changes - turned, sums.no)
    yield Sums(sums.yes - turned, sums.no - neutral, sums.abstain + turned + neutral, sums.heads)


def stay_away(sums: Sums, away: int) -> Sums:
    """Abstainers leave first, then supporters, then opponents."""
    abstain = min(away, sums.abstain)
    yes = min(away - abstain, sums.yes)
    no = away - abstain - yes
    heads = max(sums.heads - away, 0)
    return Sums(sums.yes - yes, sums.no - no, sums.abstain - abstain, heads)
