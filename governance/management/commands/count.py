"""`manage.py count FILE --method METHOD`: count any ballot file, from here or elsewhere."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.counting.files import BallotFileError, Cells, read_abif, read_blt, read_csv
from governance.counting.methods import METHODS, count
from governance.counting.outcome import Outcome, spelled
from governance.counting.ranked import Election, Equal, Reading, Skipped

FORMATS = ("blt", "abif", "csv")
CELLS = {"score": Cells.SCORES, "approval": Cells.APPROVALS}
MOST_BYTES = 256 * 1024 * 1024


class Command(BaseCommand):
    """Reads one file and prints the count; needs no database."""

    help = (
        "Count a file of ballots (.blt, .abif, .csv). Equal ranks: where a method needs one option "
        "at a time the ballot stops there (--equal split or invalid reads it otherwise); Schulze "
        "takes them as they are. Skipped ranks are read over (--skipped stop ends the ballot). "
        "What a ballot does not rank is ranked last. An option that a ballot ranks twice makes it "
        "invalid. Ties: an earlier round in which they differed, else the lot drawn by --seed."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and how to count it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--method", required=True, choices=sorted(METHODS))
        parser.add_argument("--seats", type=int, help="default: what the file says, else 1")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--format", choices=FORMATS, help="default: by the file's name")
        parser.add_argument("--equal", choices=[*Equal], default=Equal.STOP.value)
        parser.add_argument("--skipped", choices=[*Skipped], default=Skipped.SKIP.value)
        parser.add_argument("--seed", default="", help="text from which a lot is drawn")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the outcome. Raises CommandError with file and line."""
        path: Path = options["file"]
        reading = Reading(Equal(options["equal"]), Skipped(options["skipped"]))
        try:
            election = read_file(path, options["format"], options["method"])
            outcome = count(
                options["method"], election, seats=options["seats"], reading=reading,
                seed=options["seed"],
            )  # fmt: skip
        except BallotFileError as error:
            raise CommandError(f"{path}, {error}") from error
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise CommandError(f"{path}: {error}") from error
        found = as_json(election, outcome)
        self.stdout.write(
            json.dumps(found, ensure_ascii=False, indent=2)
            if options["json"]
            else "\n".join(as_text(found))
        )


def read_file(path: Path, named: str | None, method: str) -> Election:
    """The election in a file. Raises OSError, BallotFileError, ValueError."""
    form = named or path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ValueError(f"name its format with --format: {', '.join(FORMATS)}")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES // 1024**2} MiB")
    text = decoded(path.read_bytes())
    if form == "csv":
        return read_csv(text, CELLS.get(method, Cells.RANKS))
    return read_blt(text) if form == "blt" else read_abif(text)


def decoded(content: bytes) -> str:
    """The text of a file. Raises BallotFileError with the line that is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BallotFileError(line, "not UTF-8") from error


def as_json(election: Election, outcome: Outcome) -> dict[str, Any]:
    """The outcome with names for options and exact numbers; `ties` and `quota` where there are."""
    names = election.names
    found: dict[str, Any] = {
        "method": outcome.method,
        "winners": [names[n] for n in outcome.winners],
        "rounds": [
            {
                "tallies": {names[n]: spelled(votes) for n, votes in one.tallies.items()},
                "elected": [names[n] for n in one.elected],
                "eliminated": [names[n] for n in one.eliminated],
            }
            for one in outcome.rounds
        ],
        "exhausted": spelled(outcome.exhausted),
        "valid": spelled(outcome.valid),
        "invalid": spelled(outcome.invalid),
    }
    if outcome.pairwise:
        found["pairwise"] = by_name(election, outcome)
    if outcome.quota is not None:
        found["quota"] = spelled(outcome.quota)
    if outcome.ties:
        found["ties"] = [
            {"options": [names[n] for n in tie.options], "taken": names[tie.taken], "by": tie.by}
            for tie in outcome.ties
        ]
    return found


def by_name(election: Election, outcome: Outcome) -> dict[str, dict[str, int | str]]:
    """How many ballots rank each option above each other."""
    names = election.names
    return {
        names[a]: {names[b]: spelled(outcome.pairwise[a, b]) for b in election.running if b != a}
        for a in election.running
    }


def as_text(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    lines = [f"{found['method']}: {', '.join(found['winners']) or 'nobody'}"]
    lines.append(
        f"{found['valid']} valid, {found['invalid']} invalid, {found['exhausted']} exhausted"
    )
    for number, one in enumerate(found["rounds"], 1):
        lines.append(f"round {number}")
        ordered = sorted(one["tallies"].items(), key=lambda item: -Fraction(item[1]))
        lines += [f"  {votes:>14}  {name}" for name, votes in ordered]
        lines += [f"  elected: {name}" for name in one["elected"]]
        lines += [f"  out: {name}" for name in one["eliminated"]]
    for name, row in found.get("pairwise", {}).items():
        lines += [f"  {votes:>8}  {name} over {other}" for other, votes in row.items()]
    for tie in found.get("ties", []):
        lines.append(f"tie of {', '.join(tie['options'])}: {tie['taken']} by {tie['by']}")
    return lines
