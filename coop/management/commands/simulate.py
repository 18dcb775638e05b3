"""manage.py simulate FILE: play an economy from a text file, in a throw-away database."""

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

BAD_FILE = 2


class RefusedFile(CommandError):
    """The scenario cannot be played; nothing was."""


class Command(BaseCommand):
    """Play a scenario and print what came out."""

    help = "Play an economy from a TOML file, in a database that is dropped afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the scenario; docs/scenarios.md says how")
        parser.add_argument("--json", action="store_true", help="print JSON instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            scenario = parse(file.read_text(encoding="utf-8"))
            with ends_in_order(), throw_away_database():
                result = play(scenario)
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedFile(f"{file}: {error}", returncode=BAD_FILE) from error
        except ScenarioError as error:
            raise RefusedFile(f"{file}, {error}", returncode=BAD_FILE) from error
        text = json.dumps(result, indent=1) if options["json"] else tables(scenario, result)
        self.stdout.write(text)


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
