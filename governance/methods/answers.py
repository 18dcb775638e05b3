"""What a ballot answers, in the shape of the kind of vote, and in one form only."""

from collections.abc import Iterable
from typing import Any

from governance.counting import CHOICES
from governance.errors import EqualRanks, UnknownAnswer, UnknownChoice
from governance.models import Proposal
from governance.terms import Terms

Kind = Proposal.Kind
Answer = str | list[Any] | dict[str, Any]
"""motion, consent: a word; ranked, irv, stv: ranks of option ids; approval: ids; score: points"""
CONSENT = ("consent", "object", "abstain")
WORDS = {Kind.MOTION: CHOICES, Kind.CONSENT: CONSENT}
RANKINGS = (Kind.RANKED, Kind.IRV, Kind.STV)
ONE_AT_A_TIME = (Kind.IRV, Kind.STV)


def check_answer(proposal: Proposal, answer: Any) -> Answer:
    """The answer in its one form: ranks without gaps, ids sorted.

    Nothing chosen ([] or {}) abstains. Raises UnknownChoice where it does not answer what is
    asked, EqualRanks where two people share a place in an election.
    """
    if proposal.kind in WORDS:
        return _word(WORDS[Kind(proposal.kind)], answer)
    ids = [option["id"] for option in proposal.options]
    if proposal.kind == Kind.SCORE:
        return _scores(answer, ids, _scale(proposal))
    if proposal.kind == Kind.APPROVAL:
        return sorted(_distinct(answer, ids))
    return _ranks(answer, ids, equals=proposal.kind not in ONE_AT_A_TIME)


def is_blank(answer: Answer) -> bool:
    """Whether an answer abstains."""
    return answer == "abstain" or not answer


def _word(words: Iterable[str], answer: Any) -> str:
    if not isinstance(answer, str) or answer not in words:
        raise UnknownChoice if words is CHOICES else UnknownAnswer
    return answer


def _scale(proposal: Proposal) -> int:
    return Terms.from_json(proposal.terms).scale if proposal.terms else 0


def _scores(answer: Any, ids: list[str], scale: int) -> dict[str, int]:
    if not isinstance(answer, dict) or not set(answer) <= set(ids):
        raise UnknownAnswer
    if not all(type(value) is int and 0 <= value <= scale for value in answer.values()):
        raise UnknownAnswer
    return dict(sorted(answer.items()))


def _ranks(answer: Any, ids: list[str], *, equals: bool) -> list[list[str]]:
    if not isinstance(answer, list) or not all(isinstance(rank, list) for rank in answer):
        raise UnknownAnswer
    _distinct([option for rank in answer for option in rank], ids)
    ranks = [sorted(rank) for rank in answer if rank]
    if not equals and any(len(rank) > 1 for rank in ranks):
        raise EqualRanks
    return ranks


def _distinct(answer: Any, ids: list[str]) -> list[str]:
    if not isinstance(answer, list) or not all(isinstance(one, str) for one in answer):
        raise UnknownAnswer
    if len(set(answer)) < len(answer) or not set(answer) <= set(ids):
        raise UnknownAnswer
    return answer
