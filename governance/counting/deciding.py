"""A vote of any kind, counted: each chamber by itself, then what follows from all of them.

Pure, like everything here: the same question, ballots and seed always give the same outcome.
Options go by their ids; the lot of R6 is drawn over those.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from governance.counting.electing import elect
from governance.counting.motion import ChamberResult, Check, MotionRules, count_chamber
from governance.counting.question import Counted, Question, Votes
from governance.counting.ranking import choose
from governance.counting.sums import AGAINST, FOR, BallotGroup, total
from governance.counting.turning import with_margins

USERS = "users"
IN_WORDS = ("motion", "consent")
WORDS = {"consent": FOR, "object": AGAINST}
"""what the words of a consent are where it goes on as a motion"""


def decide(question: Question, votes: Sequence[Votes]) -> Counted:
    """The outcome, with margins. Raises ValueError for more votes than voters, unknown kinds."""
    counted = outcome(question, votes)
    if question.kind in IN_WORDS or not votes:
        return counted
    return with_margins(question, votes, counted, outcome)


def outcome(question: Question, votes: Sequence[Votes]) -> Counted:
    """The outcome alone. Raises ValueError."""
    if question.kind not in DECIDERS:
        raise ValueError(f"no kind of vote {question.kind!r}")
    return DECIDERS[question.kind](question, votes)


def as_motion(question: Question, votes: Sequence[Votes]) -> Counted:
    """Support and quorum in every chamber (R1 to R3, R10); in a second vote also R11."""
    results = tuple(in_words(each, question.rules) for each in votes)
    failed = first_failure(results)
    counted = Counted(
        question.kind,
        passed=bool(results) and failed is None,
        winners=(),
        decided_by=failed or ("R10" if len(results) > 1 else "R1", ""),
        chambers=results,
    )
    return counted if counted.passed else by_users_alone(question, counted)


def in_words(votes: Votes, rules: MotionRules) -> ChamberResult:
    """One chamber that answered in words."""
    groups = (
        BallotGroup(WORDS.get(str(g.answer), str(g.answer)), g.heads, g.weight)
        for g in votes.groups
    )
    return count_chamber(votes.roll, total(groups), rules)


def first_failure(results: Sequence[ChamberResult]) -> tuple[str, str] | None:
    """(rule, chamber) of what failed first; None where nothing did."""
    for result in results:
        for check in result.checks:
            if not check.met:
                return check.rule, result.roll.chamber
    return None


def by_users_alone(question: Question, counted: Counted) -> Counted:
    """R11: users who reach their share with R3 protect a usage right against the owners."""
    if question.users_alone is None:
        return counted
    rules = MotionRules(question.users_alone, question.rules.approval)
    for result in counted.chambers:
        if result.roll.chamber == USERS and len(counted.chambers) > 1:
            alone = count_chamber(result.roll, result.sums, rules)
            if alone.passed:
                return replace(counted, passed=True, decided_by=("R11", USERS))
    return counted


def as_consent(question: Question, votes: Sequence[Votes]) -> Counted:
    """R21: without an open objection it passes, if anybody consents at all; else R1 to R3."""
    counted = as_motion(question, votes)
    objections = {"objections": question.objections}
    details = {result.roll.chamber: objections for result in counted.chambers}
    if question.objections:
        return replace(counted, details=details)
    results = tuple(replace(r, checks=(consent_check(r),)) for r in counted.chambers)
    failed = first_failure(results)
    return replace(
        counted,
        passed=bool(results) and failed is None,
        decided_by=failed or ("R21", ""),
        chambers=results,
        details=details,
    )


def consent_check(result: ChamberResult) -> Check:
    """Silence alone decides nothing: somebody consents."""
    return Check("R21", result.sums.yes, 1, result.roll.weight, result.sums.yes > 0)


DECIDERS: dict[str, Callable[[Question, Sequence[Votes]], Counted]] = {
    "motion": as_motion,
    "consent": as_consent,
    "ranked": choose,
    "approval": elect,
    "score": elect,
    "irv": elect,
    "stv": elect,
}
__all__ = ["Counted", "decide"]
