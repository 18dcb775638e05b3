"""What time it is: the database says, at the start of the running transaction (R14)."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The instant at which the current transaction began, on the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        row = cursor.fetchone()
    if row is None:
        raise RuntimeError("the database gave no time")
    at: datetime = row[0]
    return at
