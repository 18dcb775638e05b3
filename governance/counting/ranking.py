"""Ranked motions (R4): what beats "keep things as they are" by R1 and R3, then Schulze.

An option must be accepted in every chamber. Among those that are, the users' ranking decides
where users vote: both chambers have agreed to each of them, and users come first.
"""

from collections.abc import Sequence
from typing import Any

from governance.counting.motion import ChamberResult, Check, share_check, support_check
from governance.counting.outcome import Tie, Ties, spelled
from governance.counting.question import (
    KEEP,
    Counted,
    Question,
    Votes,
    cast_in,
    ranking_of,
    tie_documents,
)
from governance.counting.ranked import Ranking
from governance.counting.schulze import Pairs, pairwise, strongest
from governance.counting.sums import Sums

USERS = "users"
Checks = dict[str, tuple[Check, ...]]


def choose(question: Question, votes: Sequence[Votes]) -> Counted:
    """The option that is to be carried out, or none. Raises ValueError."""
    pairs = [pairs_in(question, each) for each in votes]
    checks = [checks_in(question, v, p) for v, p in zip(votes, pairs, strict=True)]
    accepted = [o for o in rivals(question) if all(met(each[o]) for each in checks)]
    deciding = next((n for n, v in enumerate(votes) if v.roll.chamber == USERS), 0)
    winner, ties = KEEP, list[Tie]()
    if votes and accepted:
        winner, ties = first_choice(question, pairs[deciding], accepted)
    shown = winner if winner != KEEP else strongest_rival(question, pairs[deciding : deciding + 1])
    chambers = tuple(
        ChamberResult(v.roll, cast_in(v), each[shown] if shown else ())
        for v, each in zip(votes, checks, strict=True)
    )
    return Counted(
        question.kind,
        passed=winner != KEEP,
        winners=() if winner == KEEP else (winner,),
        decided_by=reason(winner, chambers, accepted),
        chambers=chambers,
        details={
            v.roll.chamber: detail(question, p, each, ties if n == deciding else [])
            for n, (v, p, each) in enumerate(zip(votes, pairs, checks, strict=True))
        },
        seed=question.seed,
    )


def rivals(question: Question) -> list[str]:
    """All options but the standing one."""
    return [option for option in question.options if option != KEEP]


def pairs_in(question: Question, votes: Votes) -> Pairs:
    """By how much weight each option is ranked above each other."""
    places = {option: n for n, option in enumerate(question.options)}
    ballots: dict[Ranking, int] = {}
    for group in votes.groups:
        said = ranking_of(group.answer, places)
        ballots[said] = ballots.get(said, 0) + group.weight
    return pairwise(ballots, tuple(places.values()))


def checks_in(question: Question, votes: Votes, pairs: Pairs) -> Checks:
    """What each option must reach against the standing one, in one chamber."""
    places = {option: n for n, option in enumerate(question.options)}
    found = {}
    for option in rivals(question):
        yes = int(pairs[places[option], places[KEEP]])
        no = int(pairs[places[KEEP], places[option]])
        found[option] = option_checks(question, votes, option, Sums(yes, no))
    return found


def option_checks(question: Question, votes: Votes, option: str, sums: Sums) -> tuple[Check, ...]:
    """R1 and R3 (or the square root) of one option, and R2 of its chamber."""
    rules, roll, took_part = question.rules, votes.roll, cast_in(votes)
    checks = [support_check(sums, rules.support)]
    if question.square_root:
        checks.append(square_root_check(sums.yes, roll.heads))
    elif rules.approval is not None:
        checks.append(share_check("R3", sums.yes, roll.weight, rules.approval))
    if rules.participation is not None:
        checks.append(share_check("R2", took_part.voting, roll.weight, rules.participation))
        checks.append(share_check("R2", took_part.heads, roll.heads, rules.participation))
    return tuple(named(check, option) for check in checks)


def named(check: Check, option: str) -> Check:
    return Check(check.rule, check.has, check.needed, check.whole, check.met, option)


def square_root_check(votes: int, heads: int) -> Check:
    """V >= 3·√n / 2 in whole numbers: 4·V² >= 9·n."""
    needed = 0
    while 4 * needed * needed < 9 * heads:
        needed += 1
    return Check("R4", votes, needed, heads, 4 * votes * votes >= 9 * heads)


def met(checks: tuple[Check, ...]) -> bool:
    return all(check.met for check in checks)


def first_choice(question: Question, pairs: Pairs, accepted: list[str]) -> tuple[str, list[Tie]]:
    """Schulze among the accepted and the standing option, which wins where nothing beats it."""
    names = question.options
    running = tuple(n for n, name in enumerate(names) if name in accepted or name == KEEP)
    among = {pair: votes for pair, votes in pairs.items() if set(pair) <= set(running)}
    paths = strongest(among, running)
    unbeaten = [a for a in running if all(paths[a, b] >= paths[b, a] for b in running if b != a)]
    if names.index(KEEP) in unbeaten:
        return KEEP, []
    ties = Ties(names, question.seed)
    return names[ties.best(unbeaten, [])], ties.found


def strongest_rival(question: Question, pairs: Sequence[Pairs]) -> str:
    """The option that most rank above the standing one: whose failure is told."""
    options, keep = rivals(question), question.options.index(KEEP)
    if not options or not pairs:
        return options[0] if options else ""
    return max(options, key=lambda o: pairs[0][question.options.index(o), keep])


def reason(winner: str, chambers: Sequence[ChamberResult], accepted: list[str]) -> tuple[str, str]:
    """(rule, chamber) that decided."""
    if winner == KEEP and not accepted:
        for chamber in chambers:
            for check in chamber.checks:
                if not check.met:
                    return check.rule, chamber.roll.chamber
        return "R10", ""
    return "R4", ""


def detail(question: Question, pairs: Pairs, checks: Checks, ties: list[Tie]) -> dict[str, Any]:
    """What the certificate tells of one chamber: every pair, every option's rules, ties."""
    names = question.options
    return {
        "pairwise": {
            a: {b: spelled(pairs[i, j]) for j, b in enumerate(names) if j != i}
            for i, a in enumerate(names)
        },
        "checks": [
            {
                "option": check.option, "rule": check.rule, "has": check.has,
                "needed": check.needed, "whole": check.whole, "met": check.met,
            }
            for each in checks.values()
            for check in each
        ],
        "ties": tie_documents(ties, names),
    }  # fmt: skip
