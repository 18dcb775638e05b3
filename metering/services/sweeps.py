"""What becomes of nodes by time alone: silence, quarantines that nobody confirmed."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from metering.models import Envelope, Node, NodeStateChange, Reading
from metering.services.states import enter_quarantine, leave_quarantine, locked, newest_change
from metering.services.suspense import suspend
from policies.queries import policy
from tokens.models import Yield

State, Trigger = Node.State, NodeStateChange.Trigger
log = logging.getLogger(__name__)


def sweep_states() -> int:
    """Do what is due; returns how many nodes came into another state. Safe to run at any time.

    Active nodes that were not heard for `silent_hours` are silent; nodes that were suspect for
    `suspect_days` are quarantined, or active again where one steward alone suspected them;
    quarantines that no vote confirmed end at their moment, by nobody. What lies in suspense gets
    its amount once its period has tokens.
    """
    changed = _fall_silent() + _quarantine_suspects() + _let_quarantines_lapse()
    _place_in_suspense()
    return changed


@transaction.atomic
def _fall_silent() -> int:
    """Mark active nodes that were not heard for long."""
    hours = policy("silent_hours", timezone.now())
    since = timezone.now() - timedelta(hours=hours)
    heard = Envelope.objects.filter(node=OuterRef("pk"), received_at__gt=since)
    changed = NodeStateChange.objects.filter(node=OuterRef("pk"), at__gt=since)
    quiet = Node.objects.filter(state=State.ACTIVE).exclude(Exists(heard)).exclude(Exists(changed))
    rows = list(quiet.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk"))
    Node.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.SILENT)
    reason = f"nothing came for {hours} hours"
    NodeStateChange.objects.bulk_create(
        [
            NodeStateChange(node=row, state=State.SILENT, trigger=Trigger.SILENCE, reason=reason)
            for row in rows
        ]
    )
    return len(rows)


def _quarantine_suspects() -> int:
    """Quarantine who was suspect for too long without anybody looking."""
    now = timezone.now()
    since = now - timedelta(days=policy("suspect_days", now))
    newer = NodeStateChange.entered().filter(node=OuterRef("pk"), at__gt=since)
    waiting = Node.objects.filter(state=State.SUSPECT).exclude(Exists(newer)).order_by("pk")
    return _each(_quarantine, waiting)


@transaction.atomic
def _quarantine(node: Node) -> bool:
    row = locked(node)
    if row.state != State.SUSPECT:
        return False
    newest, now = newest_change(row), timezone.now()
    if newest.trigger == Trigger.DECIDED:  # one steward's word alone quarantines nobody (R17)
        reason = "nobody decided about the suspicion in time"
        leave_quarantine(row, trigger=Trigger.LAPSED, reason=reason)
        return True
    enter_quarantine(
        row,
        trigger=newest.trigger,
        reason=newest.reason,
        facts=newest.facts,
        until=now + timedelta(days=policy("quarantine_days", now)),
    )
    return True


def _let_quarantines_lapse() -> int:
    """End quarantines whose moment has come."""
    due = Q(state_changes__until__lte=timezone.now())
    nodes = Node.objects.filter(due, state=State.QUARANTINED).distinct().order_by("pk")
    return _each(_lapse, nodes)


@transaction.atomic
def _lapse(node: Node) -> bool:
    row = locked(node)
    newest = newest_change(row)
    ends = newest.until
    if row.state != State.QUARANTINED or ends is None or ends > timezone.now():
        return False
    reason = "no vote confirmed the quarantine in time"
    leave_quarantine(row, trigger=Trigger.LAPSED, reason=reason)
    return True


def _place_in_suspense() -> None:
    """Give an amount to what lies in suspense since before its period was opened."""
    lacking = Reading.objects.filter(state=Reading.State.SUSPENSE, period=None)
    placed = Yield.objects.filter(
        pool=OuterRef("assignment__pool"), resource=OuterRef("assignment__resource"),
        period__start__lt=OuterRef("ends_at"), period__end__gte=OuterRef("ends_at"),
    )  # fmt: skip
    nodes = lacking.filter(Exists(placed)).values_list("meter__node", flat=True)
    _each(_place, [Node(pk=pk) for pk in sorted(set(nodes))])


@transaction.atomic
def _place(node: Node) -> bool:
    row = locked(node)
    return row.state == State.QUARANTINED and bool(suspend(node=row))


def _each(work: Callable[[Node], bool], nodes: Iterable[Node]) -> int:
    """Do it for each node in a transaction of its own; for how many something was done."""
    done = 0
    for node in nodes:
        try:
            done += work(node)
        except Exception:  # what one node signed, or who holds it, may not stop the others
            log.exception("node %s was passed over: %s", node.pk, work.__name__)
    return done
