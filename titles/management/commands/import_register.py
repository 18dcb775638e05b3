"""`manage.py import_register DIR`: move a register of old in, or see what that would do."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from titles.exchange.files import Files, NotAnArchive, from_folder, from_zip
from titles.exchange.move_in import CannotMoveIn, Outcome, look_at, move_in

SHOWN = 200


class Command(BaseCommand):
    """Reads a folder or a ZIP file (docs/moving-in.md); exit status 1 where it has mistakes."""

    help = "Move the register in a folder or ZIP file in: all of it or nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("place", type=Path, help="the folder, or the ZIP file")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        files = self._files(options["place"])
        if options["dry_run"]:
            outcome = look_at(files)
            if not outcome.is_fit:
                raise CommandError(self._mistakes(outcome.problems))
            self._tell(outcome, "would be moved in")
            return
        try:
            outcome = move_in(files=files, actor=None)
        except CannotMoveIn as error:
            raise CommandError(self._mistakes(error.problems)) from error
        self._tell(outcome, "moved in")

    def _files(self, place: Path) -> Files:
        try:
            return from_folder(place) if place.is_dir() else from_zip(place.read_bytes())
        except (OSError, NotAnArchive) as error:
            raise CommandError(f"{place} cannot be read: {error}") from error

    def _mistakes(self, problems: list[Any]) -> str:
        lines = [str(problem) for problem in problems[:SHOWN]]
        return "\n".join([*lines, f"{len(problems)} mistakes. Nothing was moved in."])

    def _tell(self, outcome: Outcome, done: str) -> None:
        for name, count in outcome.counts.items():
            self.stdout.write(f"{name}: {count}")
        for kind, count in outcome.voids.items():
            if count:
                self.stdout.write(f"{count} {kind} numbers that nobody has become void")
        self.stdout.write("This set is here already." if outcome.is_done else f"All {done}.")
