"""Whether this process lives, and whether it can do its work."""

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from kombu.exceptions import OperationalError

from coop.celery import app


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 where the database and the queue answer, else 503 naming which does not."""
    parts = {"database": database_answers(), "queue": queue_answers()}
    well = all(parts.values())
    body = {name: "ok" if fine else "unreachable" for name, fine in parts.items()}
    return JsonResponse(
        {"status": "ok" if well else "failing", **body}, status=200 if well else 503
    )


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def queue_answers() -> bool:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError):
        return False
    return True
