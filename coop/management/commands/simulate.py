"""manage.py simulate FILE: play an economy from a text file, in a throw-away database.

With --today it prints the real state as such a file instead, to be changed and played.
"""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coop.scenarios.errors import ScenarioError
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.tables import tables
from coop.scenarios.throwaway import throw_away_database
from coop.scenarios.write import text_of as text_from
from coop.simulations.today import today

BAD_FILE = 2


class RefusedFile(CommandError):
    """The scenario cannot be played; nothing was."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=BAD_FILE)


class Command(BaseCommand):
    """Play a scenario and print what came out."""

    help = "Play an economy from a TOML file, in a database that is dropped afterwards."
    requires_system_checks: list[str] = []
    _called_from_command_line = False

    def add_arguments(self, parser: CommandParser) -> None:
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument(
            "file", type=Path, nargs="?", help="the scenario; docs/scenarios.md says how"
        )
        wanted.add_argument(
            "--today", action="store_true", help="print the real state as a scenario, unplayed"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play it; on a command line a refusal is its sentence alone, and status 2."""
        if options["today"]:
            self.stdout.write(text_from(today().scenario))
            return
        try:
            self.stdout.write(played(options["file"], options["json"]))
        except RefusedFile as refused:
            if not self._called_from_command_line:
                raise
            self.stderr.write(str(refused))
            sys.exit(BAD_FILE)


def played(file: Path, as_json: bool) -> str:
    """What a scenario file comes to, as text. Raises RefusedFile."""
    text = text_of(file)
    try:
        scenario = parse(text)
        with ends_in_order(), throw_away_database():
            result = play(scenario)
    except ScenarioError as error:
        raise RefusedFile(f"{file}, {error}") from error
    return json.dumps(result, indent=1) if as_json else tables(scenario, result)


def text_of(file: Path) -> str:
    """What stands in a file. Raises RefusedFile."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RefusedFile(f"{file}: there is no such file") from None
    except UnicodeDecodeError:
        raise RefusedFile(f"{file}: this is not a text file in UTF-8") from None
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise RefusedFile(f"{file}: it cannot be read: {reason}") from None


@contextmanager
def ends_in_order() -> Iterator[None]:
    """Let SIGTERM end the process as Ctrl-C does, so that the database is dropped."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
