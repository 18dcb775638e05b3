"""Real Celery workers on the test's own database, to be stopped, held up and killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from django.db import connection, transaction

ROOT = Path(__file__).parents[2]
# Within a transaction PostgreSQL shows the activity as it was when first looked at.
LOOK_AGAIN = "SELECT pg_stat_clear_snapshot()"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""

Worker = subprocess.Popen[bytes]


class Workers:
    """Starts workers; each call is one more, the last with a beat of its own where asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Worker] = []

    def __call__(self, *, beat: bool = False) -> Worker:
        """A worker in a process group of its own."""
        url = urlsplit(os.environ["DATABASE_URL"])
        mine = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                self._command(beat),
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": mine, "C_FORCE_ROOT": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def _command(self, beat: bool) -> list[str]:
        command = [sys.executable, "-m", "celery", "-A", "coop", "worker", "--pool", "solo"]
        schedule = str(self.folder / f"beat{len(self.started)}")
        return [*command, "--beat", "--schedule", schedule] if beat else command

    def end(self) -> None:
        """End whatever still runs."""
        for process in self.started:
            kill(process)


def kill(worker: Worker) -> None:
    """End a worker at once, and the beat that it may have beside it."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@contextmanager
def held(statement: str, *values: str | int) -> Iterator[None]:
    """Hold rows that a worker needs, so that it stands still in its middle; then let go."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
        yield
        transaction.set_rollback(True)


def until(fact: Callable[[], object], worker: Worker | None = None) -> None:
    """Wait for a fact; what never comes true is ended by the limit, or by a worker that died."""
    while not fact():
        assert worker is None or worker.poll() is None
        Event().wait(0.1)


def is_somebody_waiting() -> bool:
    """Whether a connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AGAIN)
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
