"""What the readers of ballot files share: errors with a line, and exact numbers of ballots."""

import re
from collections.abc import Iterator
from fractions import Fraction

from governance.counting.outcome import spelled
from governance.counting.ranked import Number

DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
LONGEST = 100_000
"""Characters of one line; a ballot over more options than that is nobody's."""


class BallotFileError(ValueError):
    """A file that is not what it should be: `line` is the number of the line, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers. Raises BallotFileError for one that is too long."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if len(line) > LONGEST:
            raise BallotFileError(number, f"the line has more than {LONGEST} characters")
        yield number, line


def votes(text: str, line: int) -> Number:
    """How many ballots a line stands for: a whole number or an exact decimal, above 0."""
    if not DECIMAL.fullmatch(text) or not (value := Fraction(text)):
        raise BallotFileError(line, f"{text!r} is no number of ballots")
    return value.numerator if value.denominator == 1 else value


def written(count: Number) -> str:
    """A count as a file has it. Raises ValueError for what no decimal can say."""
    text = str(spelled(count))
    if "/" in text:
        raise ValueError(f"{text} ballots cannot be written exactly")
    return text
