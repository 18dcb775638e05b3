"""What is measured in every round: the name of each case, and how to get its figure."""

import itertools
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.clients import ACCOUNTS, Crew
from benchmarks.server import BOOKS, TPCB, transactions_per_second
from coop.local import Services

Case = Callable[[float], float]
"""transactions per second, measured for about so many seconds"""
SCRIPTS = Path(__file__).parent / "scripts"
CLIENTS = (1, 8, 32)
CREW = (1, 8)
INDEXED = "COPY of the same rows, with our indexes"
PREPARED = 8
"""the connections at which prepared statements are measured too"""
BATCHES = (100, 1000, 10_000)
LARGEST = max(BATCHES)
PIECE = 1 << 17
PLACES = {"spread": "on 1,000 accounts", "hot": "one hot account"}
TABLES = {
    "ledger_transaction": "PRIMARY KEY (id)",
    "ledger_entry": "PRIMARY KEY (account_id, recorded_at, version)",
}


def pgbench_cases(services: Services, first: int) -> dict[str, Case]:
    """tpcb-like and single postings by the same driver; `first` is the id before the accounts'."""
    cases: dict[str, Case] = {}
    given = f"--define=first={first}", f"--define=accounts={ACCOUNTS}"
    for n, how in (*((n, ()) for n in CLIENTS), (PREPARED, ("--protocol=prepared",))):
        end = f"{n}, prepared" if how else f"{n}"
        cases[f"tpcb-like, {end}"] = lambda s, n=n, how=how: transactions_per_second(  # type: ignore[misc]
            services, TPCB, n, s, "--builtin=tpcb-like", *how
        )
        for name, place in PLACES.items():
            script = ("--file", str(SCRIPTS / f"{name}.sql"), *given, *how)
            cases[f"single, {place}, {end}"] = lambda s, n=n, x=script: transactions_per_second(  # type: ignore[misc]
                services, BOOKS, n, s, *x
            )
    return cases


def python_cases(crews: dict[str, Crew]) -> dict[str, Case]:
    """Single transfers from Python processes, of each ledger."""
    return {
        f"{kind} from Python, {place}, {n}": lambda s, k=kind, h=name == "hot", n=n: crews[  # type: ignore[misc]
            k
        ].per_second(h, n, s)
        for kind in crews
        for name, place in PLACES.items()
        for n in CREW
    }


def batch_cases(url: str, ids: list[int]) -> dict[str, Case]:
    """Batches through the ledger's service, one connection, and COPY of what they wrote."""
    cases: dict[str, Case] = {
        f"batches of {size:,}, {place}": lambda s, size=size, h=name == "hot": batches(  # type: ignore[misc]
            ids, size, h, s
        )
        for name, place in PLACES.items()
        for size in BATCHES
    }
    return {
        **cases,
        "COPY of the same rows": lambda s: copies(url, s),
        INDEXED: lambda s: copies(url, s, indexed=True),
    }


def batches(ids: list[int], size: int, hot: bool, seconds: float) -> float:
    """Transactions per second in batches of so many, each batch committed."""
    from ledger.services import post_many

    began, count = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        post_many(batch(ids, size, hot))
        count += size
    return count / (time.perf_counter() - began)


def batch(ids: list[int], size: int, hot: bool) -> list[object]:
    """Payments with keys of their own, round the accounts."""
    from ledger.services import Leg, Posting

    made = []
    for n, key in zip(range(size), itertools.repeat(uuid.uuid4().hex), strict=False):
        source = ids[0] if hot else ids[1 + n % (len(ids) - 1)]
        target = ids[1 + (n * 7 + 1) % (len(ids) - 1)]
        legs = [Leg(target, 100), Leg(source if source != target else ids[0], -100)]
        made.append(Posting(source="bench", key=f"{key} {n}", kind="payment", legs=legs))
    return made  # type: ignore[return-value]


def copies(url: str, seconds: float, indexed: bool = False) -> float:
    """Transactions per second when their rows, and those of their entries, are copied in raw.

    Into plain tables with the same columns and their primary keys, or with all indexes that the
    books have: no partition, no rule, no trigger. What is copied is what the last large batch
    wrote.
    """
    with psycopg.connect(url) as server:
        rows = {name: taken(server, name) for name in TABLES}
        for name, key in TABLES.items():
            server.execute(f"DROP TABLE IF EXISTS plain_{name}")
            like = f"LIKE {name} INCLUDING INDEXES" if indexed else f"LIKE {name}, {key}"
            server.execute(f"CREATE TABLE plain_{name} ({like})")
        server.commit()
        began, count = time.perf_counter(), 0
        spent = 0.0
        while time.perf_counter() < began + seconds:
            server.execute("TRUNCATE " + ", ".join(f"plain_{name}" for name in TABLES))
            server.commit()
            spent += copied(server, rows)
            count += LARGEST
    return count / spent


def copied(server: psycopg.Connection[object], rows: dict[str, bytes]) -> float:
    """Seconds to copy the rows into their tables and commit."""
    began = time.perf_counter()
    with server.cursor() as cursor:
        for name, data in rows.items():
            with cursor.copy(f"COPY plain_{name} FROM STDIN") as copy:
                for start in range(0, len(data), PIECE):
                    copy.write(data[start : start + PIECE])
    server.commit()
    return time.perf_counter() - began


def taken(server: psycopg.Connection[object], name: str) -> bytes:
    """What the newest transactions wrote into one of the tables, as COPY gives it."""
    column = "id" if name == "ledger_transaction" else "txn_id"
    newest = f"(SELECT id FROM ledger_transaction ORDER BY id DESC LIMIT {LARGEST})"
    with server.cursor() as cursor:
        query = f"COPY (SELECT * FROM {name} WHERE {column} IN {newest}) TO STDOUT"
        with cursor.copy(query) as copy:
            return b"".join(bytes(piece) for piece in copy)
