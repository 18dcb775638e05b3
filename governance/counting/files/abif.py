"""ABIF, the Aggregated Ballot Information Format: `27:Ada>Bo=Cy`, `27:Ada/5,Bo/3`.

`=AD:[Ada Lee]` gives a short name its full one, `{…}` holds metadata, `#` begins a comment line.
`>` ranks, `=` ranks equal, `,` lists without an order (equal, or by the scores behind `/`).
"""

import json
import re
from dataclasses import dataclass, field
from fractions import Fraction

from governance.counting.files.text import DECIMAL, BallotFileError, numbered, votes, written
from governance.counting.outcome import spelled
from governance.counting.ranked import Election, Number, Ranking, Scores

TOKEN = r"\[[^\[\]]+\]|[^\s\[\]{}<>=,:*/#\"]+"
DECLARED = re.compile(rf"=\s*({TOKEN})\s*:\s*\[([^\[\]]*)\]")
BALLOTS = re.compile(r"([0-9.]+)\s*[:*](.*)")
CHOICE = re.compile(rf"\s*({TOKEN})\s*(?:/\s*([0-9]+(?:\.[0-9]+)?))?\s*([>=,]|$)")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass
class Heard:
    """What the lines so far have said."""

    tokens: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    ballots: dict[Ranking, Number] = field(default_factory=dict)
    scores: dict[Scores, Number] = field(default_factory=dict)
    title: str = ""
    seats: int = 1

    def option(self, token: str) -> int:
        """The number of an option by its short or its full name; a new one gets the next."""
        if token not in self.tokens:
            name = token[1:-1].strip() if token.startswith("[") else token
            self.tokens[token] = self.named(name)
        return self.tokens[token]

    def named(self, name: str) -> int:
        """The number of the option with this full name."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def read_abif(text: str) -> Election:
    """The election that an ABIF file holds. Raises BallotFileError with the line at fault."""
    heard = Heard()
    line = 1
    for line, raw in numbered(text):
        words = raw.strip()
        if not words or words.startswith("#"):
            continue
        if words.startswith("{"):
            take_metadata(heard, words, line)
        elif words.startswith("="):
            declare(heard, words, line)
        else:
            take_ballots(heard, words, line)
    if not heard.names:
        raise BallotFileError(line, "there is no ballot and no option in this file")
    if not 1 <= heard.seats <= len(heard.names):
        raise BallotFileError(line, f"{heard.seats} seats among {len(heard.names)} options")
    return Election(
        tuple(heard.names), heard.ballots, heard.seats, heard.title, scores=heard.scores
    )


def take_metadata(heard: Heard, words: str, line: int) -> None:
    """`{"title": …, "winners": …}`; other keys are somebody else's."""
    try:
        said = json.loads(words)
    except ValueError as error:
        raise BallotFileError(line, "this line in braces is no JSON object") from error
    heard.title = str(said.get("title", heard.title))
    seats = said.get("winners", heard.seats)
    if type(seats) is not int:
        raise BallotFileError(line, "winners is a whole number")
    heard.seats = seats


def declare(heard: Heard, words: str, line: int) -> None:
    """`=AD:[Ada Lee]`; a short name means one option only."""
    match = DECLARED.fullmatch(words)
    name = match[2].strip() if match else ""
    if match is None or not name:
        raise BallotFileError(line, "expected =SHORT:[Full name]")
    if match[1] in heard.tokens:
        raise BallotFileError(line, f"{match[1]} is declared twice, or after it was used")
    if name in heard.names:
        raise BallotFileError(line, f"{name!r} is declared twice, or after it was used")
    heard.tokens[match[1]] = heard.tokens[f"[{name}]"] = heard.named(name)


def take_ballots(heard: Heard, words: str, line: int) -> None:
    """`27:Ada>Bo=Cy`, with or without scores."""
    match = BALLOTS.fullmatch(words)
    if match is None:
        raise BallotFileError(line, "expected a number of ballots, a colon, and a ballot")
    count = votes(match[1], line)
    choices = chosen(heard, match[2].partition("#")[0].strip(), line)
    said = ranking_of(choices)
    heard.ballots[said] = heard.ballots.get(said, 0) + count
    if choices and all(value is not None for _, value, _ in choices):
        scores = tuple(sorted((one, value) for one, value, _ in choices if value is not None))
        heard.scores[scores] = heard.scores.get(scores, 0) + count


Choice = tuple[int, Fraction | None, str]
"""An option, its score, and the sign that follows it."""


def chosen(heard: Heard, words: str, line: int) -> list[Choice]:
    """The options of a ballot in their order."""
    found: list[Choice] = []
    at = 0
    while at < len(words):
        match = CHOICE.match(words, at)
        if match is None or (match[3] and match.end() == len(words)):
            raise BallotFileError(line, f"cannot read the ballot at {words[at : at + 20]!r}")
        value = None if match[2] is None else score(match[2], line)
        found.append((heard.option(match[1]), value, match[3]))
        at = match.end()
    return found


def score(text: str, line: int) -> Fraction:
    """A score, exact."""
    if not DECIMAL.fullmatch(text):
        raise BallotFileError(line, f"{text!r} is no score")
    return Fraction(text)


def ranking_of(choices: list[Choice]) -> Ranking:
    """Ranks from the signs; where only commas stand, from the scores."""
    if any(sign == "," for _, _, sign in choices):
        by_score: dict[Fraction, list[int]] = {}
        for option, value, _ in choices:
            by_score.setdefault(value or Fraction(0), []).append(option)
        return tuple(tuple(by_score[value]) for value in sorted(by_score, reverse=True))
    ranks: list[list[int]] = [[]]
    for option, _, sign in choices:
        ranks[-1].append(option)
        if sign == ">":
            ranks.append([])
    return tuple(tuple(rank) for rank in ranks if rank)


def write_abif(election: Election) -> str:
    """The election as an ABIF file: scores where it has them, else ranks.

    Skipped ranks have no form in ABIF and are left out. Raises ValueError for a name that holds
    a square bracket.
    """
    if any(set("[]\n") & set(name) for name in election.names):
        raise ValueError("a name in an ABIF file cannot hold [ or ]")
    lines = [json.dumps({"title": election.title, "winners": election.seats}, ensure_ascii=False)]
    tokens = [name if PLAIN.fullmatch(name) else f"[{name}]" for name in election.names]
    lines += [f"={token}:[{name}]" for token, name in zip(tokens, election.names, strict=True)]
    lines += scored(election, tokens) if election.scores else ranked(election, tokens)
    return "\n".join(lines) + "\n"


def ranked(election: Election, tokens: list[str]) -> list[str]:
    """The lines of rankings, the most frequent first."""
    order = sorted(election.ballots.items(), key=lambda item: (-item[1], item[0]))
    return [
        f"{written(count)}:" + ">".join("=".join(tokens[n] for n in rank) for rank in said if rank)
        for said, count in order
    ]


def scored(election: Election, tokens: list[str]) -> list[str]:
    """The lines of scores, the most frequent first."""
    order = sorted(election.scores.items(), key=lambda item: (-item[1], item[0]))
    return [
        f"{written(count)}:" + ",".join(f"{tokens[n]}/{spelled(value)}" for n, value in said)
        for said, count in order
    ]
