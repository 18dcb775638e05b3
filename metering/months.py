"""Months of readings: made ahead of time, so that each stands in a partition of its own.

A reading belongs to the month in which its envelope was received; without a partition for it, it
stands in `metering_reading_rest` and is moved by the next run.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

AHEAD = timedelta(days=70)
LOCK_SECONDS = 5


@transaction.atomic
def keep_ahead() -> tuple[int, int]:
    """See that this month and the next two have their partition; safe to repeat.

    Gives how many were made, and how many readings were moved into theirs. Raises OperationalError
    where the table is too busy to let this through within seconds.
    """
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('metering months'))")
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        cursor.execute("SELECT EXISTS (SELECT FROM metering_reading_rest)")
        moved = 0
        if cursor.fetchone()[0]:
            cursor.execute("SELECT metering_move_rest()")
            moved = cursor.fetchone()[0]
        cursor.execute("SELECT metering_make_months(%s, %s)", [today, today + AHEAD])
        return int(cursor.fetchone()[0]), int(moved)
