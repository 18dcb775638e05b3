"""What differs between two versions of a proposal, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS = re.compile(r"\s+|\S+")
LONGEST = 4000
"""words; of longer texts only the beginning and the end that are the same are looked for"""


@dataclass(frozen=True)
class Piece:
    """Some words: "same", "gone" or "new"."""

    how: str
    text: str


def word_differences(before: str, after: str) -> list[Piece]:
    """The words of both texts in order, each as same, gone or new."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    start = common_start(old, new)
    end = common_start(old[start:][::-1], new[start:][::-1])
    middle = changed(old[start : len(old) - end], new[start : len(new) - end])
    pieces = [
        Piece("same", "".join(old[:start])),
        *middle,
        Piece("same", "".join(new[len(new) - end :])),
    ]
    return [piece for piece in pieces if piece.text]


def common_start(old: list[str], new: list[str]) -> int:
    """How many of the first words are the same."""
    pairs = zip(old, new, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))


def changed(old: list[str], new: list[str]) -> Iterator[Piece]:
    """The words of what differs somewhere."""
    if max(len(old), len(new)) > LONGEST:
        yield from (Piece("gone", "".join(old)), Piece("new", "".join(new)))
        return
    for how, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            yield Piece("same", "".join(old[i:j]))
            continue
        yield from (Piece("gone", "".join(old[i:j])), Piece("new", "".join(new[k:m])))
