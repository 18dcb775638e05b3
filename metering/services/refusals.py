"""What was refused under a node's key, counted by reason, so that its page can say so."""

from typing import Any

from django.db import connection
from django.utils import timezone

from metering.errors import WireError
from signing import dsse

LONGEST = 200
COUNT = """
    INSERT INTO metering_refusal (node_id, code, detail, times, first_at, last_at)
    SELECT node_id, %(code)s, %(detail)s, 1, %(now)s, %(now)s
    FROM metering_nodekey WHERE keyid = ANY(%(keyids)s) ORDER BY id LIMIT 1
    ON CONFLICT (node_id, code) DO UPDATE SET
        times = metering_refusal.times + 1,
        detail = excluded.detail,
        last_at = greatest(metering_refusal.last_at, excluded.last_at)
"""


def note_refusal(*, envelope: dsse.Envelope, error: WireError) -> None:
    """Count a refusal at the node whose key the envelope names; under unknown keys nothing is kept.

    One statement, in no transaction of the envelope's: what was refused has stored nothing.
    """
    values: dict[str, Any] = {
        "code": error.code,
        "detail": str(error).replace("\0", "")[:LONGEST],
        "now": timezone.now(),
        "keyids": [signature.keyid.replace("\0", "") for signature in envelope.signatures],
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
