"""The trustees' program reads answers exactly as the site does, and says how they are typed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop_trustee import answers
from coop_trustee.errors import Refused
from governance.counting import Threshold
from governance.errors import UnknownChoice
from governance.methods.answers import check_answer
from governance.models import Proposal
from governance.terms import Terms

HALF = Threshold(1, 2, strict=True)
OPTIONS = [{"id": one, "name": one.upper()} for one in ("a", "b", "m12")]
IDS = st.sampled_from(["a", "b", "m12", "z", "", 3, None])
WORDS = st.sampled_from(["for", "against", "abstain", "maybe", "", 1, None])
ANSWERS = st.one_of(
    WORDS,
    st.lists(IDS, max_size=4),
    st.lists(st.lists(IDS, max_size=3), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "z"]), st.sampled_from([0, 5, 6, -1, True, "3"])),
)
KINDS = ("motion", "ranked", "irv", "stv", "approval", "score")


def announced(kind: str) -> Proposal:
    """A vote of a kind, as its notice would have it."""
    terms = Terms(("users",), HALF, HALF, 0, 3600, 0, 3600).as_json()
    options = [] if kind == "motion" else OPTIONS
    return Proposal(kind=kind, options=options, terms=terms)


def notice_of(proposal: Proposal) -> dict[str, Any]:
    """What the program reads of it."""
    return {"kind": proposal.kind, "options": proposal.options, "terms": proposal.terms}


@settings(max_examples=400)
@given(st.sampled_from(KINDS), ANSWERS)
def test_site_and_program_take_the_same_answers(kind: str, answer: Any) -> None:
    proposal = announced(kind)
    try:
        expected: Any = check_answer(proposal, answer)
    except UnknownChoice:
        expected = Refused
    try:
        found: Any = answers.normal(notice_of(proposal), answer)
    except Refused:
        found = Refused
    assert found == expected


@pytest.mark.parametrize(
    ("kind", "typed", "answer", "shown"),
    [
        ("motion", "against", "against", "against"),
        ("ranked", "b > m12 = a", [["b"], ["a", "m12"]], "1. B; 2. A = M12"),
        ("stv", "m12>a", [["m12"], ["a"]], "1. M12; 2. A"),
        ("stv", "abstain", [], "abstain"),
        ("approval", "b, a", ["a", "b"], "A, B"),
        ("score", "a=3, b=0", {"a": 3, "b": 0}, "A 3, B 0"),
    ],
)
def test_answers_are_typed_and_shown(kind: str, typed: str, answer: Any, shown: str) -> None:
    notice = notice_of(announced(kind))
    assert answers.typed(notice, typed) == answer
    assert answers.shown(notice, answer) == shown


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("motion", "yes"), ("stv", "a = b"), ("ranked", "a > a"), ("score", "a=6"), ("score", "a"),
     ("approval", "q"), ("irv", "")],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_how_to_type_one(kind: str, typed: str) -> None:
    with pytest.raises(Refused, match="type "):
        answers.typed(notice_of(announced(kind)), typed)
