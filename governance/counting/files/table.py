"""CSV: one column an option, one row a ballot; an empty cell says nothing of its option.

A first column named `count` says how many ballots a row stands for.
"""

import csv
import io
from enum import StrEnum
from fractions import Fraction

from governance.counting.files.text import DECIMAL, BallotFileError, votes, written
from governance.counting.outcome import spelled
from governance.counting.ranked import Election, Number, Ranking, Scores

COUNT = "count"
YES = {"1", "x", "yes", "true"}
NO = {"", "0", "no", "false"}
MOST_RANKS = 10_000


class Cells(StrEnum):
    """What a cell says: a rank (1 is best), a score, or whether the option is approved."""

    RANKS = "ranks"
    SCORES = "scores"
    APPROVALS = "approvals"


def read_csv(text: str, cells: Cells = Cells.RANKS, seats: int = 1) -> Election:
    """The election that a table holds. Raises BallotFileError with the line at fault."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    ballots: dict[Ranking, Number] = {}
    scores: dict[Scores, Number] = {}
    try:
        names, counted = header(next(reader, []))
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = reader.line_num
            if len(row) != len(names) + counted:
                raise BallotFileError(line, f"{len(row)} cells, the header has another number")
            count = votes(row[0].strip(), line) if counted else 1
            said = [cell.strip() for cell in row[counted:]]
            if cells is Cells.SCORES:
                scored = scores_of(said, line)
                scores[scored] = scores.get(scored, 0) + count
            ranking = ranking_of(said, cells, line)
            ballots[ranking] = ballots.get(ranking, 0) + count
    except csv.Error as error:
        raise BallotFileError(reader.line_num, f"not a table: {error}") from error
    return Election(names, ballots, seats, scores=scores)


def header(row: list[str]) -> tuple[tuple[str, ...], bool]:
    """The names, and whether the first column counts ballots."""
    cells = [cell.strip() for cell in row]
    counted = bool(cells) and cells[0].lower() == COUNT
    names = tuple(cells[counted:])
    if not names or not all(names) or len(set(names)) < len(names):
        raise BallotFileError(1, "the first line names every option once")
    return names, counted


def scores_of(said: list[str], line: int) -> Scores:
    """What a row gives to each option that it names."""
    for cell in filter(None, said):
        if not DECIMAL.fullmatch(cell):
            raise BallotFileError(line, f"{cell!r} is no score")
    return tuple((n, Fraction(cell)) for n, cell in enumerate(said) if cell)


def ranking_of(said: list[str], cells: Cells, line: int) -> Ranking:
    """A row as a ranking: scores from the highest, approvals all equal."""
    if cells is Cells.SCORES:
        by_score: dict[Fraction, list[int]] = {}
        for option, value in scores_of(said, line):
            by_score.setdefault(value, []).append(option)
        return tuple(tuple(by_score[value]) for value in sorted(by_score, reverse=True))
    if cells is Cells.APPROVALS:
        approved = tuple(n for n, cell in enumerate(said) if approves(cell, line))
        return (approved,) if approved else ()
    by_rank: dict[int, list[int]] = {}
    for option, cell in enumerate(said):
        if cell:
            by_rank.setdefault(rank_in(cell, line), []).append(option)
    return tuple(tuple(by_rank.get(rank, ())) for rank in range(1, max(by_rank, default=0) + 1))


def approves(cell: str, line: int) -> bool:
    """Whether a cell says yes."""
    if (word := cell.lower()) not in YES | NO:
        raise BallotFileError(line, f"{cell!r} is neither yes (1) nor no (0)")
    return word in YES


def rank_in(cell: str, line: int) -> int:
    """A rank, 1 for the best."""
    if not (cell.isascii() and cell.isdigit() and 1 <= int(cell[:9]) <= MOST_RANKS):
        raise BallotFileError(line, f"{cell!r} is no rank: 1 is the best")
    return int(cell)


def write_csv(election: Election) -> str:
    """The election as a table: scores where it has them, else ranks."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow([COUNT, *election.names])
    rows = election.scores or election.ballots
    for said, count in sorted(rows.items(), key=lambda item: (-item[1], item[0])):
        cells = score_cells(said) if election.scores else rank_cells(said)
        table.writerow([written(count), *(cells.get(n, "") for n in range(len(election.names)))])
    return out.getvalue()


def score_cells(said: object) -> dict[int, str]:
    """What stands under each option that got a score."""
    assert isinstance(said, tuple)
    return {option: str(spelled(value)) for option, value in said}


def rank_cells(said: object) -> dict[int, str]:
    """What stands under each option that is ranked."""
    assert isinstance(said, tuple)
    return {option: str(rank) for rank, options in enumerate(said, 1) for option in options}
