"""`manage.py demo`: make the demo cooperative where there is none."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from coop.demo.build import build, is_built
from coop.demo.cast import PASSWORD, PEOPLE


class Command(BaseCommand):
    """Fills an empty site with a cooperative to try it with."""

    help = "Make the demo cooperative; does nothing where a cooperative with a period exists."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build it once, then say how to log in."""
        if not is_built():
            build()
        self.stdout.write(f"Log in with the password “{PASSWORD}” as:")
        for person in PEOPLE:
            part = "steward" if person.steward else "member"
            language = dict(settings.LANGUAGES)[person.language]
            self.stdout.write(f"  {person.email:22} {person.name}, {part}, reads {language}")
