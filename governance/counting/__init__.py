"""Counting: exact integers, no Django, no database; the rule names are those of docs/governance.md.

A threshold is compared by cross-multiplication, never by dividing, so that no number of voters
is too large and no half is rounded away.
"""

from governance.counting.margin import margin
from governance.counting.motion import (
    ChamberResult,
    Check,
    MotionResult,
    MotionRules,
    count_chamber,
    count_motion,
)
from governance.counting.sums import ABSTAIN, AGAINST, CHOICES, FOR, BallotGroup, Roll, Sums, total
from governance.counting.threshold import Threshold

__all__ = [
    "ABSTAIN",
    "AGAINST",
    "CHOICES",
    "FOR",
    "BallotGroup",
    "ChamberResult",
    "Check",
    "MotionResult",
    "MotionRules",
    "Roll",
    "Sums",
    "Threshold",
    "count_chamber",
    "count_motion",
    "margin",
    "total",
]
