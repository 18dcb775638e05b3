"""Letting old payloads go: the chain, the signatures and the readings stay.

A payload may go once nothing is left to be decided about it: its batch is linked, receipted and
rated, every period that it was booked in is closed, and nobody disputes anything of it. What
cannot be worked out anew any more then, says so wherever it is shown (docs/operations.md).
"""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from policies.queries import policy

AT_ONCE = 500
EXPIRE = """
WITH due AS (
    SELECT e.id FROM metering_envelope e JOIN metering_receipt q ON q.envelope_id = e.id
    WHERE e.status = 'accepted' AND e.rated_at IS NOT NULL AND e.expired_at IS NULL
      AND e.received_at < %(before)s
      AND NOT EXISTS (
          SELECT FROM metering_reading r LEFT JOIN tokens_period p ON p.id = r.period_id
          WHERE r.envelope_id = e.id AND r.received_at = e.received_at
            AND (r.state IN ('waiting', 'suspense') OR p.state <> 'closed'
                 OR EXISTS (SELECT FROM metering_dispute d
                            WHERE d.reading_id = r.id AND d.answered_at IS NULL)))
      AND NOT EXISTS (
          SELECT FROM metering_disputeenvelope a JOIN metering_dispute d ON d.id = a.dispute_id
          WHERE a.envelope_id = e.id AND d.answered_at IS NULL)
      AND NOT EXISTS (
          SELECT FROM metering_voucherpresentation v
          WHERE v.envelope_id = e.id AND v.state IN ('waiting', 'late'))
    ORDER BY e.id LIMIT %(limit)s FOR NO KEY UPDATE OF e SKIP LOCKED
)
UPDATE metering_envelope e
SET expired_at = %(now)s, payload = ''::bytea, payload_size = length(e.payload),
    payload_digest = encode(sha256(e.payload), 'hex')
FROM due WHERE e.id = due.id"""


def expire_payloads(*, now: datetime | None = None) -> int:
    """Empty the payloads that are older than the policy `payload_days`; returns how many.

    0 days, the default, keeps all for ever. A few hundred in each transaction; safe to kill and
    to run again.
    """
    moment = now or timezone.now()
    days = policy("payload_days", moment)
    if not days:
        return 0
    done = 0
    while emptied := expire_some(moment, moment - timedelta(days=days)):
        done += emptied
    return done


@transaction.atomic(durable=True)
def expire_some(now: datetime, before: datetime) -> int:
    """Empty some payloads received before a moment; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE, {"now": now, "before": before, "limit": AT_ONCE})
        return int(cursor.rowcount)
