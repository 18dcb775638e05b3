"""What the page shows of a count that was more than for and against: rounds, pairs, ties, lots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from governance.answers import option_names
from governance.counting import ChamberResult, Check
from governance.models import Proposal

Names = Mapping[str, str]
NEEDS = gettext_lazy("Needs %(needed)s of %(whole)s members in favour; has %(has)s.")
SENTENCES: dict[str, Promise] = {
    "R1": gettext_lazy("Needs %(needed)s of the %(whole)s votes for and against; has %(has)s."),
    "R1 option": gettext_lazy(
        "%(option)s against keeping things as they are: needs %(needed)s of the %(whole)s who"
        " prefer one of the two; has %(has)s."
    ),
    "R2": gettext_lazy("Needs %(needed)s of %(whole)s members to take part; has %(has)s."),
    "R2 option": gettext_lazy("Needs %(needed)s of %(whole)s members to take part; has %(has)s."),
    "R3": NEEDS,
    "R3 option": gettext_lazy(
        "%(option)s: needs %(needed)s of %(whole)s members in favour; has %(has)s."
    ),
    "R4 option": gettext_lazy(
        "%(option)s: needs %(needed)s members in favour, one and a half times the square root of"
        " %(whole)s; has %(has)s."
    ),
    "R5": gettext_lazy("Nobody chose anybody or anything."),
    "R21": gettext_lazy(
        "No objection is open. %(has)s of %(whole)s members consented; one is needed."
    ),
    "other": NEEDS,
}
"""what a rule needs and has, by its name; with “option” where it is about one of several"""


@dataclass(frozen=True)
class Line:
    """One option in one round: its votes, and what became of it there."""

    name: str
    votes: str
    fate: str


@dataclass(frozen=True)
class Duel:
    """Two options side by side: how many rank the first above the second, and the other way."""

    first: str
    second: str
    over: str
    under: str


@dataclass(frozen=True)
class Details:
    """One chamber's stage log, and whom or what it chose by itself."""

    winners: tuple[str, ...]
    rounds: tuple[tuple[Line, ...], ...]
    duels: tuple[Duel, ...]
    ties: tuple[str, ...]
    quota: str
    exhausted: str
    by_lot: bool


def details_of(proposal: Proposal, chamber: str) -> Details:
    """The stage log of one chamber, as certified."""
    found: dict[str, Any] = result_of(proposal).get(chamber) or {}
    names = option_names(proposal)
    ties = found.get("ties", [])
    return Details(
        winners=tuple(names.get(option, option) for option in found.get("winners", [])),
        rounds=tuple(tuple(lines(one, names)) for one in found.get("rounds", [])),
        duels=tuple(duels(found.get("pairwise", {}), names)),
        ties=tuple(tie_text(tie, names) for tie in ties),
        quota=number(found.get("quota", "")),
        exhausted=number(found.get("exhausted") or ""),
        by_lot=any(tie["by"] == "lot" for tie in ties),
    )


def result_of(proposal: Proposal) -> dict[str, Any]:
    """What the certificate says beyond sums; empty for the oldest ones."""
    return dict(proposal.certificate.result.get("result") or {})


def winners_of(proposal: Proposal) -> list[str]:
    """The names of what or who won, in the order of their success."""
    names = option_names(proposal)
    return [names.get(option, option) for option in result_of(proposal).get("winners", [])]


def lines(one: Mapping[str, Any], names: Names) -> Iterator[Line]:
    """The options of one round, most votes first."""
    tallies: dict[str, Any] = one["tallies"]
    for option in sorted(tallies, key=lambda o: _size(tallies[o]), reverse=True):
        fate = _("elected") if option in one["elected"] else ""
        fate = _("excluded") if option in one["eliminated"] else fate
        yield Line(names.get(option, option), number(tallies[option]), fate)


def _size(votes: int | str) -> tuple[int, str]:
    """Exact decimals in their order, without turning them into floats."""
    whole, _point, part = str(votes).partition(".")
    return int(whole), part


def number(votes: int | str) -> str:
    """Votes in the reader's language: whole ones grouped, parts as they are."""
    return whole(votes) if isinstance(votes, int) else votes


def whole(votes: int) -> str:
    """A number of votes or members, grouped as the reader's language groups."""
    return number_format(votes, use_l10n=True, force_grouping=True)


def duels(pairwise: Mapping[str, Mapping[str, Any]], names: Names) -> Iterator[Duel]:
    """Every pair once, whom more prefer in front."""
    for a, b in combinations(pairwise, 2):
        first, second = (a, b) if _size(pairwise[a][b]) >= _size(pairwise[b][a]) else (b, a)
        yield Duel(
            names.get(first, first),
            names.get(second, second),
            number(pairwise[first][second]),
            number(pairwise[second][first]),
        )


def tie_text(tie: Mapping[str, Any], names: Names) -> str:
    """Who was equal, and what told them apart (R6)."""
    equal = ", ".join(names.get(option, option) for option in tie["options"])
    words = {"names": equal, "taken": names.get(tie["taken"], tie["taken"])}
    if tie["by"] == "lot":
        return _("%(names)s were equal; the lot took %(taken)s.") % words
    words["round"] = str(tie["by"]).removeprefix("round ")
    return _("%(names)s were equal; round %(round)s, where they differed, took %(taken)s.") % words


def check_texts(result: ChamberResult, names: Names) -> list[tuple[str, bool]]:
    """(sentence, met) of each rule that a chamber was asked for, by option where there are some."""
    shown = (check for check in result.checks if check.rule != "R5" or not check.met)
    return [(check_text(check, names), check.met) for check in shown]


def check_text(check: Check, names: Names) -> str:
    """One rule as a sentence: what it needs, and what it has."""
    words = {
        "option": names.get(check.option, check.option),
        "has": whole(check.has),
        "needed": whole(check.needed),
        "whole": whole(check.whole),
    }
    sentence = SENTENCES.get(f"{check.rule} option" if check.option else check.rule)
    return str(sentence or SENTENCES["other"]) % words


def turnout_text(result: ChamberResult) -> str:
    """How many took part, and how many of them chose nothing."""
    sums = result.sums
    voted = ngettext(
        "%(n)s of %(all)s members voted", "%(n)s of %(all)s members voted", sums.heads
    ) % {"n": whole(sums.heads), "all": whole(result.roll.heads)}
    if not sums.abstain:
        return voted + "."
    blank = ngettext("%(n)s of them abstained", "%(n)s of them abstained", sums.abstain)
    return f"{voted}, {blank % {'n': whole(sums.abstain)}}."
