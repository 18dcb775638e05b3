"""`manage.py recount [NUMBER …]`: count votes again from their signed ballots."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import verify
from governance.models import Certificate
from governance.queries import published


class Command(BaseCommand):
    """Compares every certificate with a recount; exit status 1 where one does not stand."""

    help = "Count decided votes again from the signed ballots and compare with the certificates."

    def add_arguments(self, parser: CommandParser) -> None:
        """The votes to count; all of them where none is named."""
        parser.add_argument("votes", nargs="*", type=int, help="numbers of votes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line for each vote and each thing that is wrong."""
        rows = Certificate.objects.select_related("proposal").order_by("proposal")
        if options["votes"]:
            rows = rows.filter(proposal__in=options["votes"])
            self.require_known(options["votes"])
        found = [line for row in rows for line in self.checked(row)]
        if found:
            raise CommandError("\n".join(found))

    def require_known(self, votes: list[int]) -> None:
        """Fail where a number is of no vote, or of one that is not decided yet."""
        decided = set(Certificate.objects.values_list("proposal", flat=True))
        announced = set(published().values_list("pk", flat=True))
        lines = [
            f"vote {vote}: not decided yet" if vote in announced else f"vote {vote}: no such vote"
            for vote in sorted(set(votes) - decided)
        ]
        if lines:
            raise CommandError("\n".join(lines))

    def checked(self, row: Certificate) -> list[str]:
        """What is wrong with one vote."""
        found = [
            *verify.wrong_on_rolls(row.proposal),
            *verify.wrong_on_board(row.proposal),
            *verify.wrong_in_certificate(row.proposal),
        ]
        if not found:
            self.stdout.write(f"vote {row.proposal_id}: {row.result['outcome']}, as certified")
        return found
