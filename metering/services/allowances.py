"""Signed allowances: what a node may let the members use whose meters it carries."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from metering.models import MeterAssignment, Node
from metering.payloads import spelled
from metering.services.asking import asking
from signing import dsse, keys, strict_json
from tokens.allowances import Allowance, allowances
from tokens.models import Period

KIND: Final = dsse.payload_type("allowances")
REQUEST: Final = dsse.payload_type("allowances-request")
HOLDS: Final = timedelta(hours=24)


def signed_allowances(*, envelope: dsse.Envelope) -> dsse.Envelope:
    """The allowances of the node that signed this request, signed for it.

    They name members by their number only, and only those whose meters the node carries. Raises a
    WireError: whoever is not the node learns nothing.
    """
    now = timezone.now()
    node = asking(envelope, REQUEST, now)
    return keys.sign_document(KIND, strict_json.dumps(allowances_payload(node, now)))


def allowances_payload(node: Node, now: datetime) -> dict[str, Any]:
    """What the signed document says (docs/metering-protocol.md, section 10)."""
    running = MeterAssignment.objects.filter(meter__node=node, since__lte=now).exclude(
        until__lte=now
    )
    rows = list(running.select_related("meter", "member", "pool", "resource").order_by("pk"))
    found = allowances({(r.member_id, r.pool_id, r.resource_id) for r in rows}, now)
    period = Period.objects.filter(state=Period.State.OPEN).first()
    until = now + HOLDS if period is None else min(now + HOLDS, max(now, period.end))
    return {
        "v": 1,
        "node": str(node.uuid),
        "made_at": spelled(now),
        "until": spelled(until),
        "period": None if period is None else period.code,
        "allowances": [
            _line(row, found[row.member_id, row.pool_id, row.resource_id]) for row in rows
        ],
    }


def _line(row: MeterAssignment, allowance: Allowance) -> dict[str, Any]:
    """One meter's line; `num` / `den` millitokens are one raw unit of the meter."""
    return {
        "assignment": row.pk,
        "meter": row.meter.name,
        "member": row.member.number,
        "pool": row.pool.code,
        "resource": row.resource.code,
        "num": row.num,
        "den": row.den,
        "left": allowance.left,
        "over": allowance.over,
    }
