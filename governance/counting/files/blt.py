"""BLT: `options seats`, withdrawn ones, ballots `count a b=c - d 0`, `0`, names, title.

The form that STV programs exchange, with two additions that they share: `a=b` ranks options
equal, `-` leaves a rank out. `#` begins a comment; an identifier in brackets may stand first.
"""

import re
from collections.abc import Iterator

from governance.counting.files.text import BallotFileError, numbered, votes, written
from governance.counting.ranked import Election, Number, Ranking

MOST_OPTIONS = 10_000
QUOTED = re.compile(r'"([^"]*)"')
COMMENT = re.compile(r"#.*")
NAMED = re.compile(r"^\([^)]*\)\s*")
Lines = Iterator[tuple[int, str]]


def read_blt(text: str) -> Election:
    """The election that a BLT file holds. Raises BallotFileError with the line at fault."""
    lines = content(text)
    options, seats = head(lines)
    withdrawn: set[int] = set()
    ballots: dict[Ranking, Number] = {}
    known: dict[str, Ranking] = {}
    for line, words in lines:
        if words == "0":
            names, title = read_names(lines, options, line)
            return Election(names, ballots, seats, title, frozenset(withdrawn))
        if words.startswith("-") and not ballots:
            withdrawn |= withdrawn_on(words, line, options)
            continue
        count, _, rest = NAMED.sub("", words).partition(" ")
        if rest not in known:
            known[rest] = ranking(rest, line, options)
        said = known[rest]
        ballots[said] = ballots.get(said, 0) + votes(count, line)
    raise BallotFileError(last_line(text), "the file ends before the line `0` after the ballots")


def content(text: str) -> Lines:
    """Lines that say something, with runs of spaces made one; a `#` in a name is no comment."""
    for number, line in numbered(text):
        kept = line if '"' in line else COMMENT.sub("", line)
        if words := " ".join(kept.split()):
            yield number, words


def head(lines: Lines) -> tuple[int, int]:
    """How many options and seats."""
    line, words = next(lines, (1, ""))
    parts = words.split()
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise BallotFileError(line, "expected two numbers: how many options, how many seats")
    options, seats = int(parts[0][:9]), int(parts[1][:9])
    if not 1 <= options <= MOST_OPTIONS or not 1 <= seats <= options:
        raise BallotFileError(line, f"{seats} seats among {options} options cannot be")
    return options, seats


def withdrawn_on(words: str, line: int, options: int) -> set[int]:
    """The options of a line like `-2 -5`."""
    return {option(word.removeprefix("-"), line, options) for word in words.split()}


def ranking(words: str, line: int, options: int) -> Ranking:
    """`3 1=2 - 4 0` as ranks."""
    parts = words.split()
    if not parts or parts[-1] != "0":
        raise BallotFileError(line, "a ballot ends with 0")
    return tuple(
        () if part == "-" else tuple(option(one, line, options) for one in part.split("="))
        for part in parts[:-1]
    )


def option(word: str, line: int, options: int) -> int:
    """A number of an option in the file as one counted from 0."""
    if not (word.isascii() and word.isdigit() and len(word) < 9 and 1 <= int(word) <= options):
        raise BallotFileError(line, f"{word!r} is none of the options 1 to {options}")
    return int(word) - 1


def read_names(lines: Lines, options: int, line: int) -> tuple[tuple[str, ...], str]:
    """The names, and the title where there is one; several may share a line."""
    found: list[str] = []
    for number, words in lines:
        line = number
        if QUOTED.sub("", words).strip():
            raise BallotFileError(number, "expected a name in quotes")
        found += QUOTED.findall(words)
    if not options <= len(found) <= options + 3:
        raise BallotFileError(line, f"expected {options} names and a title, found {len(found)}")
    names = tuple(found[:options])
    if len(set(names)) < options:
        raise BallotFileError(line, "two options have the same name")
    return names, found[options] if len(found) > options else ""


def last_line(text: str) -> int:
    """The number of the last line."""
    return max(1, len(text.splitlines()))


def write_blt(election: Election) -> str:
    """The election as a BLT file. Raises ValueError for a name with a quote in it."""
    if any('"' in name for name in (*election.names, election.title)):
        raise ValueError('a name in a BLT file cannot hold "')
    lines = [f"{len(election.names)} {election.seats}"]
    if election.withdrawn:
        lines.append(" ".join(f"-{n + 1}" for n in sorted(election.withdrawn)))
    for said, count in sorted(election.ballots.items(), key=lambda item: (-item[1], item[0])):
        ranks = ("=".join(str(n + 1) for n in rank) or "-" for rank in said)
        lines.append(" ".join((written(count), *ranks, "0")))
    quoted = (f'"{name}"' for name in (*election.names, election.title))
    return "\n".join((*lines, "0", *quoted)) + "\n"
