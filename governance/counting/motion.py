"""Motions: support (R1), participation (R2), approval (R3), every chamber by itself (R10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.counting.sums import Roll, Sums
from governance.counting.threshold import Threshold


@dataclass(frozen=True)
class MotionRules:
    """What each chamber of a motion must reach; a rule that is None is not asked for."""

    support: Threshold
    approval: Threshold | None = None
    participation: Threshold | None = None


@dataclass(frozen=True)
class Check:
    """One rule at one chamber: `has` of `whole`, at least `needed` of them.

    `option` is what it is about, where there are several.
    """

    rule: str
    has: int
    needed: int
    whole: int
    met: bool
    option: str = ""


@dataclass(frozen=True)
class ChamberResult:
    """One chamber: who could vote, how they did, which rules were met."""

    roll: Roll
    sums: Sums
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule is met here."""
        return all(check.met for check in self.checks)

    @property
    def not_voting(self) -> int:
        """The weight of those who cast no ballot; they count nowhere."""
        return self.roll.weight - self.sums.voting


@dataclass(frozen=True)
class MotionResult:
    """All chambers; the motion passes where each of them passes, sums are never pooled."""

    chambers: tuple[ChamberResult, ...]

    @property
    def passed(self) -> bool:
        """Whether there is a chamber and each of them passed."""
        return bool(self.chambers) and all(chamber.passed for chamber in self.chambers)

    @property
    def decided_by(self) -> tuple[str, str]:
        """(rule, chamber) of what failed first; ("R10", "") where all chambers agreed."""
        for chamber in self.chambers:
            for check in chamber.checks:
                if not check.met:
                    return check.rule, chamber.roll.chamber
        return ("R10" if len(self.chambers) > 1 else "R1"), ""


def count_chamber(roll: Roll, sums: Sums, rules: MotionRules) -> ChamberResult:
    """Apply the rules to one chamber. Raises ValueError where more voted than were on the roll."""
    if sums.voting > roll.weight or sums.heads > roll.heads:
        raise ValueError(f"more ballots than voters in {roll.chamber}")
    checks = (support_check(sums, rules.support), *turnout_checks(roll, sums, rules))
    return ChamberResult(roll, sums, checks)


def count_motion(chambers: Sequence[tuple[Roll, Sums]], rules: MotionRules) -> MotionResult:
    """Count each chamber on its own and put the answers together."""
    return MotionResult(tuple(count_chamber(roll, sums, rules) for roll, sums in chambers))


def support_check(sums: Sums, support: Threshold) -> Check:
    """R1 over yes and no; nobody for or against is no support, whatever the threshold."""
    met = sums.cast > 0 and support.is_met(sums.yes, sums.cast)
    needed = support.needed(sums.cast) if sums.cast else 1
    return Check("R1", sums.yes, needed, sums.cast, met)


def turnout_checks(roll: Roll, sums: Sums, rules: MotionRules) -> list[Check]:
    """R3 over the whole roll, and R2, by weight and by heads, where it is asked for."""
    checks = []
    if rules.approval is not None:
        checks.append(share_check("R3", sums.yes, roll.weight, rules.approval))
    if rules.participation is not None:
        checks.append(share_check("R2", sums.voting, roll.weight, rules.participation))
        checks.append(share_check("R2", sums.heads, roll.heads, rules.participation))
    return checks


def share_check(rule: str, has: int, whole: int, threshold: Threshold) -> Check:
    met = threshold.is_met(has, whole)
    return Check(rule, has, threshold.needed(whole), whole, met)
