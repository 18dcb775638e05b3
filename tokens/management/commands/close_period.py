"""`manage.py close_period CODE`: the rest of a close, on the server, or what it would book."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.errors import DomainError
from tokens.models import CloseRun, Period
from tokens.services import STEPS, preview_close, run_close, start_close
from tokens.services.close import Booked


class Command(BaseCommand):
    """Closes a period step after step; what was done once is not done again."""

    help = (
        "Close a period: every step that is left, each in a transaction of its own. Killed at any"
        " moment, it can simply be given again; so it can beside the site's own workers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The period, and how far."""
        parser.add_argument("code", help="the period's code, like 2026-06")
        parser.add_argument("--preview", action="store_true", help="show it and book nothing")
        parser.add_argument("--early", action="store_true", help="end the period now")
        parser.add_argument("--until", choices=STEPS, default=STEPS[-1], help="the last step")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or show it; what the close refuses ends the command with its reason."""
        period = Period.objects.filter(code=options["code"]).first()
        if period is None:
            raise CommandError(f"There is no period {options['code']}.")
        told = {"early": options["early"], "until": options["until"]}
        try:
            if options["preview"]:
                self._show(period, told)
            else:
                self._close(period, told)
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _close(self, period: Period, told: dict[str, Any]) -> None:
        run = start_close(period_id=period.pk, actor=None, **told)
        before = set(period.close_steps.values_list("name", flat=True))
        run_close(run.pk)
        run.refresh_from_db()
        for step in period.close_steps.exclude(name__in=before):
            self.stdout.write(f"{step.name}: {len(step.transactions)} transactions")
        if run.state == CloseRun.State.STOPPED:
            raise CommandError(f"Stopped at {run.step}: {run.error}")
        if run.state == CloseRun.State.RUNNING:
            self.stdout.write(
                "A worker of the site is at it, or what it needs is held: it goes on."
            )

    def _show(self, period: Period, told: dict[str, Any]) -> None:
        for name, preview in preview_close(period_id=period.pk, actor=None, **told):
            self.stdout.write(f"{name}:")
            for posting in preview.postings:
                for line in lines_of(posting):
                    self.stdout.write(line)
            for member, amount in preview.charges:
                self.stdout.write(f"  member {member.number} is charged {amount}")
        self.stdout.write("Nothing was booked. Money is in cents, tokens are in thousandths.")


def lines_of(posting: Booked) -> list[str]:
    """A posting in plain text: its kind, then the sum of each kind of account."""
    head = f"  {posting.kind} {posting.memo}".rstrip()
    return [
        head,
        *(f"    {move.commodity.code} {move.account} {move.amount:+d}" for move in posting.moves),
    ]
