"""What can be answered in a vote, as the notice says: checked, normalised, typed and shown.

motion: "for", "against", "abstain". ranked, irv, stv: a list of ranks, each a sorted list of option
ids, [] for an abstention; irv and stv take one id a rank. approval: a sorted list of ids. score:
id → 0 … scale.
"""

from collections.abc import Sequence
from typing import Any

from coop_trustee.canonical import require
from coop_trustee.errors import Refused

MOTION = ("for", "against", "abstain")
RANKINGS = ("ranked", "irv", "stv")
ONE_AT_A_TIME = ("irv", "stv")
Answer = Any
HOW = {
    "motion": "for, against or abstain",
    "approval": "the options you approve, as in: a, c (or: abstain)",
    "score": "points for options, as in: a=3, c=1 (or: abstain)",
    "ranked": "the best first, as in: b > a = c (or: abstain)",
    **dict.fromkeys(ONE_AT_A_TIME, "the best first, as in: b > a > c (or: abstain)"),
}


def names_of(notice: dict[str, Any]) -> dict[str, str]:
    """The ids that stand on the ballot, with their names; none in a motion."""
    if notice["kind"] == "motion":
        return {}
    options = [require(each, {"id": str, "name": str}) for each in notice["options"]]
    return {each["id"]: each["name"] for each in options}


def normal(notice: dict[str, Any], answer: Answer) -> Answer:
    """The answer in its one form; raises Refused for one that this vote does not know."""
    kind, ids = notice["kind"], list(names_of(notice))
    if kind == "motion" and answer in MOTION and isinstance(answer, str):
        return answer
    if kind in RANKINGS and isinstance(answer, list):
        return _ranking(ids, answer, equals=kind not in ONE_AT_A_TIME)
    if kind == "approval" and isinstance(answer, list):
        return sorted(_known(ids, answer))
    if kind == "score" and isinstance(answer, dict):
        return _scores(ids, answer, notice["terms"]["scale"])
    raise Refused("this is no answer in this vote")


def typed(notice: dict[str, Any], text: str) -> Answer:
    """The answer that a person typed; raises Refused, saying how it is typed."""
    text, kind = text.strip(), notice["kind"]
    try:
        if kind == "motion":
            return normal(notice, text)
        blank = text == "abstain"
        if kind in RANKINGS:
            ranks = [] if blank else [_parts(rank, "=") for rank in text.split(">")]
            return normal(notice, ranks)
        if kind == "approval":
            return normal(notice, [] if blank else _parts(text, ","))
        return normal(notice, {} if blank else dict(_point(p) for p in _parts(text, ",")))
    except (Refused, ValueError):
        raise Refused(f"type {HOW.get(kind, 'another answer')}") from None


def shown(notice: dict[str, Any], answer: Answer) -> str:
    """An answer in words, with the names of the options."""
    names = names_of(notice)
    if isinstance(answer, str):
        return answer
    if not answer:
        return "abstain"
    if isinstance(answer, dict):
        return ", ".join(f"{names[one]} {points}" for one, points in sorted(answer.items()))
    if notice["kind"] == "approval":
        return ", ".join(names[one] for one in answer)
    return "; ".join(
        f"{place}. {' = '.join(names[one] for one in rank)}"
        for place, rank in enumerate(answer, start=1)
    )


def _ranking(ids: Sequence[str], answer: list[Any], *, equals: bool) -> list[list[str]]:
    if not all(isinstance(rank, list) for rank in answer):
        raise Refused("a ranking is a list of ranks")
    _known(ids, [one for rank in answer for one in rank])
    ranks = [sorted(rank) for rank in answer if rank]
    if not equals and any(len(rank) > 1 for rank in ranks):
        raise Refused("in an election nobody shares a rank")
    return ranks


def _scores(ids: Sequence[str], answer: dict[str, Any], scale: int) -> dict[str, int]:
    _known(ids, list(answer))
    if not all(type(points) is int and 0 <= points <= scale for points in answer.values()):
        raise Refused(f"points are whole numbers from 0 to {scale}")
    return answer


def _known(ids: Sequence[str], named: list[Any]) -> list[str]:
    if not all(isinstance(one, str) and one in ids for one in named):
        raise Refused("it names what is not on the ballot")
    if len(set(named)) != len(named):
        raise Refused("it names an option twice")
    return named


def _parts(text: str, between: str) -> list[str]:
    return [part.strip() for part in text.split(between)]


def _point(text: str) -> tuple[str, int]:
    name, _, points = text.partition("=")
    return name.strip(), int(points)
