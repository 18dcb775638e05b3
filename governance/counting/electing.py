"""Approval, score, IRV and STV (R5): people are elected, or one of several answers is chosen.

Where more than one chamber votes, the same ones must win in each (R10).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from governance.counting.methods import count
from governance.counting.motion import ChamberResult, Check, share_check
from governance.counting.outcome import Outcome, Round, spelled
from governance.counting.question import (
    Counted,
    Question,
    Votes,
    cast_in,
    ranking_of,
    tie_documents,
)
from governance.counting.ranked import Election, Ranking, Scores

METHOD = {"approval": "approval", "score": "score", "irv": "irv", "stv": "scottish-stv"}


def elect(question: Question, votes: Sequence[Votes]) -> Counted:
    """Who or what is elected, or nobody. Raises ValueError."""
    outcomes = [outcome_in(question, each) for each in votes]
    winners = [elected(question, outcome) for outcome in outcomes]
    chambers = tuple(
        ChamberResult(v.roll, cast_in(v), checks_in(question, v, won))
        for v, won in zip(votes, winners, strict=True)
    )
    failed = failure(chambers, winners)
    return Counted(
        question.kind,
        passed=failed is None,
        winners=winners[0] if failed is None else (),
        decided_by=failed or ("R5" if question.kind in ("irv", "stv") else "R3", ""),
        chambers=chambers,
        details={
            v.roll.chamber: detail(question, outcome)
            for v, outcome in zip(votes, outcomes, strict=True)
        },
        seed=question.seed,
    )


def failure(
    chambers: Sequence[ChamberResult], winners: Sequence[tuple[str, ...]]
) -> tuple[str, str] | None:
    """(rule, chamber) of what failed first; ("R10", "") where chambers elect others."""
    for chamber in chambers:
        for check in chamber.checks:
            if not check.met:
                return check.rule, chamber.roll.chamber
    if not chambers or any(set(won) != set(winners[0]) for won in winners):
        return "R10", ""
    return None


def election_of(question: Question, votes: Votes) -> Election:
    """The ballots of a chamber by weight, identical ones together."""
    places = {option: n for n, option in enumerate(question.options)}
    ballots: dict[Ranking, int] = {}
    scores: dict[Scores, int] = {}
    for group in votes.groups:
        if question.kind == "score":
            scored = tuple((places[o], Fraction(v)) for o, v in sorted(group.answer.items()))
            scores[scored] = scores.get(scored, 0) + group.weight
        else:
            ranks = [group.answer] if question.kind == "approval" else group.answer
            said = ranking_of([rank for rank in ranks if rank], places)
            ballots[said] = ballots.get(said, 0) + group.weight
    return Election(question.options, ballots, question.seats, scores=scores)


def outcome_in(question: Question, votes: Votes) -> Outcome | None:
    """The count of a chamber; None where nobody chose anything."""
    if not question.options or not cast_in(votes).yes:
        return None
    seats = min(question.seats, len(question.options))
    election = election_of(question, votes)
    return count(METHOD[question.kind], election, seats=seats, seed=question.seed)


def elected(question: Question, outcome: Outcome | None) -> tuple[str, ...]:
    """The winners by id."""
    return () if outcome is None else tuple(question.options[n] for n in outcome.winners)


def checks_in(question: Question, votes: Votes, won: tuple[str, ...]) -> tuple[Check, ...]:
    """Somebody chose; approval and score also ask for R3, and where it is asked for R2."""
    took_part, roll, rules = cast_in(votes), votes.roll, question.rules
    checks = [Check("R5", took_part.yes, 1, roll.weight, bool(won))]
    if question.kind in ("approval", "score") and rules.approval is not None and won:
        for option in won:
            check = share_check("R3", in_favour(votes, option), roll.weight, rules.approval)
            checks.append(
                Check(check.rule, check.has, check.needed, check.whole, check.met, option)
            )
    if rules.participation is not None:
        checks.append(share_check("R2", took_part.voting, roll.weight, rules.participation))
        checks.append(share_check("R2", took_part.heads, roll.heads, rules.participation))
    return tuple(checks)


def in_favour(votes: Votes, option: str) -> int:
    """The weight of the ballots that approve of an option, or give it any score."""
    return sum(
        group.weight
        for group in votes.groups
        if (
            group.answer.get(option, 0)
            if isinstance(group.answer, dict)
            else option in group.answer
        )
    )


def detail(question: Question, outcome: Outcome | None) -> dict[str, Any]:
    """The stage log of a chamber."""
    if outcome is None:
        return {"winners": [], "rounds": [], "ties": []}
    names = question.options
    found = {
        "winners": list(elected(question, outcome)),
        "rounds": [stage(one, names) for one in outcome.rounds],
        "ties": tie_documents(outcome.ties, names),
        "valid": spelled(outcome.valid),
        "invalid": spelled(outcome.invalid),
        "exhausted": spelled(outcome.exhausted),
    }
    return found if outcome.quota is None else found | {"quota": spelled(outcome.quota)}


def stage(one: Round, names: tuple[str, ...]) -> dict[str, Any]:
    """One round by ids."""
    return {
        "tallies": {names[n]: spelled(votes) for n, votes in one.tallies.items()},
        "elected": [names[n] for n in one.elected],
        "eliminated": [names[n] for n in one.eliminated],
    }
