"""`manage.py rerate --check`: all that was booked, recomputed from the evidence and compared."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from ledger.reading import one_snapshot
from metering.invariants import chain_of
from metering.models import Node, NodeKey
from metering.rerate import Recheck, booked_otherwise, usage_without_reading
from metering.services.links import booked_corrections, expected_corrections
from tokens.models import Period

EXPIRED = "  {n} of its batches have no payload any more: their readings are taken as they stand"


class Command(BaseCommand):
    """Names each envelope and record where the books are not what the evidence gives."""

    help = (
        "Recompute readings, their states, usage and what links take back from the"
        " envelopes, inventories and assignments, and compare with what is stored; exit status 1"
        " where anything differs. Nothing is ever changed: what was booked stands, and is"
        " corrected by adjustments that a steward decides."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", required=True, help="the only form")
        parser.add_argument("--node", type=UUID, metavar="UUID", help="only this node")
        parser.add_argument("--period", metavar="CODE", help="only what belongs to this period")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check each node on one snapshot, tell, and fail where anything differs."""
        with one_snapshot():
            period = period_called(options["period"])
            found = sum(self._told(node, period) for node in nodes_called(options["node"]))
            if options["node"] is None and period is None:
                found += self._listed(usage_without_reading())
        if found:
            raise CommandError(f"{found} differences. Nothing was changed.", returncode=1)
        self.stdout.write("What is booked is what the evidence gives.")

    def _told(self, node: Node, period: Period | None) -> int:
        """Check a node and say how it stands; how many differences there are."""
        check = Recheck(node, period)
        found = self._listed(differences(check))
        told = f"{node.uuid} {node.label}: {check.batches} batches, {check.readings} readings"
        self.stdout.write(f"{told}, {found} differences")
        if check.expired:
            self.stdout.write(EXPIRED.format(n=check.expired))
        return found

    def _listed(self, sentences: Iterator[str] | list[str]) -> int:
        """Write each sentence; how many there were."""
        count = 0
        for sentence in sentences:
            self.stdout.write(f"  {sentence}")
            count += 1
        return count


def differences(check: Recheck) -> Iterator[str]:
    """All that is wrong with one node, one sentence each."""
    for key in NodeKey.objects.filter(node=check.node).select_related("node"):
        yield from chain_of(key)
    yield from map(str, check.differences())
    yield from map(str, booked_otherwise(check.node, check.period))
    yield from corrected_otherwise(check.node, check.period)


def corrected_otherwise(node: Node, period: Period | None) -> Iterator[str]:
    """Hours of a node's links in which another difference was taken back than both ends give."""
    wanted, stands = expected_corrections(node), booked_corrections(node)
    for place in sorted(wanted.keys() | stands.keys()):
        link, way, hour, assignment, period_id = place
        due, booked = wanted.get(place, 0), stands.get(place, 0)
        if due != booked and (period is None or period.pk == period_id):
            yield (
                f"link {link}, {way}, hour of {hour:%Y-%m-%dT%H:%MZ}, assignment {assignment}:"
                f" {booked} was taken back, both ends give {due}"
            )


def nodes_called(uuid: UUID | None) -> QuerySet[Node]:
    """The node asked for, or all; raises CommandError where there is none."""
    found = Node.objects.order_by("pk")
    if uuid is None:
        return found
    if not found.filter(uuid=uuid).exists():
        raise CommandError(f"No node has the id {uuid}.")
    return found.filter(uuid=uuid)


def period_called(code: str | None) -> Period | None:
    """The period asked for, None where all are; raises CommandError where there is none."""
    if code is None:
        return None
    found = Period.objects.filter(code=code).first()
    if found is None:
        raise CommandError(f"No period has the code {code}.")
    return found
