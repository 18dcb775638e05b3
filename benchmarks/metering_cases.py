"""What is timed of metering, each as something a second."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

from django.db import connection

from benchmarks.metering_fleet import Fleet, deliver, memory_of
from metering import services
from metering.models import Envelope, Reading
from signing import dsse

MOST_TOGETHER, MOST_DECODED = 32, 2 * 1024 * 1024
RECORD_BYTES = 340
"""of one record in an envelope's base64"""
ROWS = "SELECT * FROM metering_reading ORDER BY id DESC LIMIT 20000"
PIECE = 256 * 1024


def verifications() -> float:
    """Signatures over 16 KiB that PyNaCl checks in a second."""
    seed = bytes(range(32))
    envelope = dsse.sign(seed, dsse.payload_type("usage-batch"), os.urandom(16 * 1024))
    public = bytes(dsse.SigningKey(seed).verify_key)  # type: ignore[attr-defined]
    began, times = time.perf_counter(), 2_000
    for _ in range(times):
        dsse.verify(envelope, public, envelope.payload_type)
    return times / (time.perf_counter() - began)


def taken(fleet: Fleet, records: int, total: int, together: int = MOST_TOGETHER) -> float:
    """Readings a second that one gunicorn process accepts; signed before, rated after."""
    fitting = max(1, min(together, MOST_DECODED // (RECORD_BYTES * records)))
    requests = fleet.requests(total // records, records, fitting)
    began = time.perf_counter()
    fleet.send(requests)
    return (total // records) * records / (time.perf_counter() - began)


def rated() -> float:
    """Readings a second that rating makes and books of what waits."""
    before = Reading.objects.count()
    began = time.perf_counter()
    while services.rate_waiting(limit=500):
        pass
    return (Reading.objects.count() - before) / (time.perf_counter() - began)


def copied(indexed: bool = False) -> float:
    """The newest readings, copied into a plain table with the same columns and a primary key."""
    like = "INCLUDING ALL" if indexed else ""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_reading")
        cursor.execute(f"CREATE TABLE plain_reading (LIKE metering_reading {like})")
        if not indexed:
            cursor.execute("ALTER TABLE plain_reading ADD PRIMARY KEY (id)")
        with cursor.copy(f"COPY ({ROWS}) TO STDOUT") as copy:
            data = b"".join(bytes(piece) for piece in copy)
        began = time.perf_counter()
        with cursor.copy("COPY plain_reading FROM STDIN") as copy:
            for start in range(0, len(data), PIECE):
                copy.write(data[start : start + PIECE])
        seconds = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM plain_reading")
        rows: int = cursor.fetchone()[0]
        cursor.execute("DROP TABLE plain_reading")
    return rows / seconds


def kept_busy(fleet: Fleet, records: int, rate: float, seconds: int) -> Iterator[str]:
    """Deliver at a steady rate while a worker rates; what is seen ten times on the way."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "coop", "worker", "--beat", "--concurrency=1",
         "--loglevel=error", "--schedule", os.path.join(os.environ["COOP_DATA_DIR"], "beat")],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield from deliveries(fleet, records, rate, seconds, worker.pid)
    finally:
        worker.terminate()
        worker.wait(60)


def deliveries(fleet: Fleet, records: int, rate: float, seconds: int, worker: int) -> Iterator[str]:
    """Send a request whenever one is due, and look ten times."""
    line = http.client.HTTPConnection(fleet.host, fleet.port, timeout=120)
    began, sent, looked = time.monotonic(), 0, 0
    answers: list[float] = []
    while (now := time.monotonic() - began) < seconds:
        if sent >= rate * now:
            time.sleep(0.01)
            continue
        [(node, body)] = fleet.requests(MOST_TOGETHER, records, MOST_TOGETHER)
        asked = time.perf_counter()
        deliver(line, node, body)
        answers.append(time.perf_counter() - asked)
        sent += MOST_TOGETHER
        if now >= (looked + 1) * seconds / 10:
            looked += 1
            yield seen(fleet, worker, sent, now, answers)
            answers = []
    line.close()


def seen(fleet: Fleet, worker: int, sent: int, now: float, answers: list[float]) -> str:
    """How much came, how much of it waits to be rated, and how large the processes are."""
    waiting = Envelope.objects.filter(status="accepted", rated_at=None).count()
    web, rating = memory_of(fleet.web.pid), memory_of(worker)
    return (
        f"{sent:>8,} envelopes ({sent / now:,.0f}/s), {waiting:>6,} wait to be rated, "
        f"answer {1000 * median(answers):.0f} ms, web {web:.0f} MB, worker {rating:.0f} MB"
    )
