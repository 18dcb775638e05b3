"""Rating: from committed evidence to readings, from readings to usage, each exactly once.

One transaction per node takes the readings of its waiting batches, books them as usage and
marks the batches. Killed at any point, nothing of it stands; run again, nothing is added.
"""

import logging
from itertools import accumulate

from django.db import OperationalError, transaction
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone

from ledger.errors import DomainError
from metering.models import Envelope, Node
from metering.services.book import book_readings, late_readings
from metering.services.ends import last_rateable_epoch
from metering.services.states import COUNTED, suspect
from metering.services.suspense import suspend
from metering.services.take import take_readings
from tokens.models import Period

AT_ONCE = 200
MOST_BYTES = 4 * 1024 * 1024
"""of payloads in one transaction: beyond it no further one is begun"""
READ = (*COUNTED, Node.State.QUARANTINED)
REACHED = [0]
"""the node at which the last call of this process came to its limit: the next goes on behind it"""
log = logging.getLogger(__name__)


def rate_waiting(*, limit: int = 500) -> int:
    """Rate what waits, at most about `limit` envelopes; returns how many were rated.

    Nodes that another worker has in hand are left to it. What one node's evidence cannot
    have booked stays waiting and holds up nobody else; where it is something that nobody
    expected, the node is suspect from then on. Nodes with a long backlog take turns with the rest.
    """
    done = 0
    for node_id in in_turn(nodes_with_work(), REACHED[0]):
        if done >= limit:
            break
        try:
            done += rate_node(node_id=node_id, limit=min(AT_ONCE, limit - done))
        except DomainError as error:
            log.warning("node %s was not rated: %s", node_id, error.code)
        except OperationalError:
            log.exception("node %s was not rated: the database could not now", node_id)
        except Exception as error:  # nothing that one node signed may stop the others
            log.exception("node %s was not rated", node_id)
            suspect_for(node_id, error)
        REACHED[0] = node_id if done >= limit else 0
    return done


def in_turn(nodes: list[int], reached: int) -> list[int]:
    """The nodes behind the one that was reached first, then the others."""
    return sorted(nodes, key=lambda node_id: (node_id <= reached, node_id))


def suspect_for(node_id: int, error: Exception) -> None:
    """Hold a node back whose evidence cannot be computed with, until a steward has looked."""
    with transaction.atomic(durable=True):
        node = Node.objects.get(pk=node_id)
        suspect(node=node, reason=f"its evidence could not be rated: {type(error).__name__}")


def nodes_with_work() -> list[int]:
    """Nodes with unrated envelopes, or with readings whose period has come.

    Of quarantined nodes only the readings are taken: their usage lies in suspense.
    """
    nodes = Node.objects.filter(state__in=COUNTED).order_by()
    read = Node.objects.filter(state__in=READ).order_by()
    arrived = read.filter(envelopes__status="accepted", envelopes__rated_at=None)
    found = set(arrived.values_list("pk", flat=True))
    period = Period.objects.filter(state=Period.State.OPEN).first()
    if period is not None:
        waiting = Q(meters__readings__state="waiting", meters__readings__ends_at__lte=period.end)
        found.update(nodes.filter(waiting).values_list("pk", flat=True))
        late = late_readings(timezone.now()).filter(meter__node__in=nodes)
        found.update(late.values_list("meter__node_id", flat=True).distinct())
        given = nodes.filter(envelopes__presentations__state="waiting")
        found.update(given.values_list("pk", flat=True))
    return sorted(found)


def rate_node(*, node_id: int, limit: int = AT_ONCE) -> int:
    """Rate the next envelopes of one node in one transaction; returns how many.

    0 also where another worker has the node. Raises what `record_usage` raises.
    """
    with transaction.atomic(durable=True):
        node = lock_if_free(node_id)
        if node is None:
            return 0
        envelopes = unrated(node, limit)
        if not take_readings(node, envelopes):
            return 0
        book_or_suspend(node)
        pks = [envelope.pk for envelope in envelopes]
        Envelope.objects.filter(pk__in=pks).update(rated_at=timezone.now())
    return len(envelopes)


def book_or_suspend(node: Node) -> None:
    """Book what waits, or put it into suspense; what a suspect node used goes on waiting."""
    node.refresh_from_db(fields=["state"])
    if node.state == Node.State.QUARANTINED:
        suspend(node=node)
    elif node.state in COUNTED:
        book_readings(node)


def lock_if_free(node_id: int) -> Node | None:
    """The node, locked, unless somebody else has it or it is not to be rated."""
    rows = Node.objects.select_for_update(skip_locked=True, no_key=True)
    return rows.filter(pk=node_id, state__in=READ).first()


def unrated(node: Node, limit: int) -> list[Envelope]:
    """The next envelopes in the order of the chain, as many as fit into memory with ease."""
    rows = Envelope.objects.filter(
        node=node,
        epoch__lte=last_rateable_epoch(node),
        status=Envelope.Status.ACCEPTED,
        rated_at=None,
    ).order_by("epoch", "seq")
    sizes = rows.annotate(size=Length("payload")).values_list("pk", "size")[:limit]
    before = accumulate((size for _, size in sizes), initial=0)
    pks = [pk for (pk, _), size in zip(sizes, before, strict=False) if size < MOST_BYTES]
    return list(rows.filter(pk__in=pks))
