"""The programs that make up the running site: what `make run` keeps alive."""

import os
import sys
from pathlib import Path

from coop.local.places import PROJECT
from coop.local.supervisor import Program

CELERY = [sys.executable, "-m", "celery", "--app", "coop.celery"]


def web(listening: int) -> Program:
    """The web server, on a socket that is open already."""
    command = [
        *(sys.executable, "-m", "gunicorn", "coop.wsgi"),
        f"--bind=fd://{listening}",
        f"--workers={os.environ.get('WEB_CONCURRENCY', '2')}",
        "--threads=4",
        "--preload",
        "--no-control-socket",
    ]
    return Program("web", command, files=[listening])


def worker() -> Program:
    """The process that does the work behind the pages."""
    return Program(
        "worker",
        [*CELERY, "worker", "--loglevel=INFO", "--concurrency=2", "--without-mingle"],
    )


def beat(home: Path) -> Program:
    """The clock that reminds the worker."""
    schedule = f"--schedule={home / 'beat'}"
    return Program("beat", [*CELERY, "beat", "--loglevel=INFO", "--pidfile=", schedule])


def node(address: str, home: Path) -> Program:
    """The node agent, metering this machine; it shows its claim code in a file."""
    command = [
        *(sys.executable, "-m", "coop_agent", f"--state={home / 'node'}", "run"),
        f"--server={address}",
        f"--code-file={claim_code_file(home)}",
    ]
    return Program("node", command, environment={"PYTHONPATH": str(PROJECT / "agent")})


def claim_code_file(home: Path) -> Path:
    """Where the node agent leaves the code that a steward types in."""
    return home / "node-claim-code"
