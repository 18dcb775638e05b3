"""`manage.py found FILE`: make the cooperative of this site from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from coop.founding.found import found, open_first_period
from coop.founding.parse import parse
from coop.scenarios.errors import ScenarioError
from ledger.errors import DomainError
from members.models import Cooperative
from tokens.models import Period

BAD_FILE = 2


class Command(BaseCommand):
    """Founds a cooperative on an empty site: all of the file, or nothing of it."""

    help = "Found the cooperative of this site from a TOML file; docs/founding.toml is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A file, or nothing but the wish to begin."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", type=Path, nargs="?", help="such as docs/founding.toml")
        what.add_argument(
            "--open-period",
            action="store_true",
            help="open the first period of a cooperative that was founded without one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        if options["open_period"]:
            self._open_period()
        else:
            self._found(options["file"])

    def _open_period(self) -> None:
        if Period.objects.exists() or not Cooperative.objects.exists():
            raise CommandError("There is a period already, or no cooperative. Nothing was done.")
        period = open_first_period(timezone.now())
        self.stdout.write(f"The period {period.code} is open.")

    def _found(self, file: Path) -> None:
        """Found it, and print the first passwords: they are kept nowhere."""
        try:
            founding = parse(file.read_text(encoding="utf-8"))
            passwords = found(founding)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}", returncode=BAD_FILE) from error
        except ScenarioError as error:
            raise CommandError(f"{file}, {error}", returncode=BAD_FILE) from error
        except DomainError as error:
            raise CommandError(f"{error} Nothing was done.") from error
        self.stdout.write(
            f"{founding.charter['name']} is founded. First passwords, shown this once:"
        )
        for email, password in passwords.items():
            self.stdout.write(f"  {email}  {password}")
