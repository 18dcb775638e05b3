"""Votes of every kind made up for tests, as whoever counts sees them: questions and groups."""

from typing import Any

from hypothesis import strategies as st

from governance.counting import MotionRules, Roll, Threshold
from governance.counting.question import Group, Question, Votes

SIMPLE = Threshold(1, 2, strict=True)
FIFTH = Threshold(1, 5, strict=False)
KINDS = ("motion", "consent", "ranked", "approval", "score", "irv", "stv")
PEOPLE = ("m1", "m2", "m3", "m4")
OPTIONS = {"ranked": ("a", "b", "c", "keep"), "motion": (), "consent": ()}
WORDS = {"motion": ("for", "against", "abstain"), "consent": ("consent", "object", "abstain")}


def question(kind: str, **changes: Any) -> Question:
    """A question of this kind, under simple majority and a quorum of a fifth."""
    said: dict[str, Any] = {
        "options": OPTIONS.get(kind, PEOPLE),
        "rules": MotionRules(SIMPLE, FIFTH),
        "seats": 2 if kind == "stv" else 1,
        "seed": "5eed",
    }
    return Question(kind, **{**said, **changes})


def answers(kind: str) -> st.SearchStrategy[Any]:
    """Any answer that a ballot of this kind can give."""
    if kind in WORDS:
        return st.sampled_from(WORDS[kind])
    options = OPTIONS.get(kind, PEOPLE)
    if kind == "approval":
        return st.lists(st.sampled_from(options), unique=True).map(sorted)
    if kind == "score":
        return st.dictionaries(st.sampled_from(options), st.integers(0, 5))
    order = st.lists(st.sampled_from(options), unique=True)
    return order.map(lambda ids: [[one] for one in ids])


def cast(kind: str, most: int = 14) -> st.SearchStrategy[list[Any]]:
    """The answers of those who voted."""
    return st.lists(answers(kind), max_size=most)


def votes(said: list[Any], heads: int | None = None, chamber: str = "users") -> Votes:
    """One chamber in which these were cast, each by one voter."""
    roll = Roll(chamber, heads or len(said), heads or len(said))
    return Votes(roll, tuple(Group(answer, 1, 1) for answer in said))


def in_words(yes: int, no: int, abstain: int, heads: int, chamber: str = "users") -> Votes:
    """A chamber of a motion by its sums."""
    groups = (Group("for", yes, yes), Group("against", no, no), Group("abstain", abstain, abstain))
    return Votes(Roll(chamber, heads, heads), groups)
