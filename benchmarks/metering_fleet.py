"""The site that is measured: one gunicorn process, a valley, and nodes that sign ahead of time."""

import base64
import gzip
import hashlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import django
from django.core.management import call_command

from coop.local.listening import open_socket
from signing import dsse

if TYPE_CHECKING:
    from tests.metering.machine import Machine

NODES, METERS = 8, 8
PATH = "/api/v1/agent/envelopes"


@dataclass
class Fleet:
    """Nodes with their chains, and the address of the one gunicorn process."""

    host: str
    port: int
    web: subprocess.Popen[bytes]
    machines: list["Signer"] = field(default_factory=list)
    turn: int = 0

    def requests(self, batches: int, records: int, together: int) -> list[tuple[str, bytes]]:
        """Bodies of requests with so many batches in all, node by node: (node, gzip)."""
        made = []
        while batches > 0:
            machine = self.machines[self.turn % len(self.machines)]
            self.turn += 1
            made.append(machine.request(min(together, batches), records))
            batches -= together
        return made

    def send(self, requests: list[tuple[str, bytes]]) -> None:
        """Deliver them one after the other over one connection; stops where one is not accepted."""
        line = http.client.HTTPConnection(self.host, self.port, timeout=120)
        for node, body in requests:
            deliver(line, node, body)
        line.close()


def deliver(line: http.client.HTTPConnection, node: str, body: bytes) -> None:
    """One request as the agent sends it."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "Content-Digest": f"sha-256=:{digest}:",
        "Coop-Node": node,
    }
    line.request("POST", PATH, body, headers)
    answer = line.getresponse()
    said = answer.read()
    if answer.status != 200 or b'"accepted"' not in said:
        raise SystemExit(f"{answer.status}: {said[:300]!r}")


@dataclass
class Signer:
    """A node that counts and signs quickly: the fields of tests.metering.machine, ahead of time."""

    machine: "Machine"
    values: list[int] = field(default_factory=lambda: [1_000] * METERS)
    span: dict[str, str] = field(default_factory=dict)

    def request(self, batches: int, records: int) -> tuple[str, bytes]:
        """The next batches of the chain as the body of a request."""
        envelopes = [self.batch(records).as_dict() for _ in range(batches)]
        body = json.dumps({"envelopes": envelopes}, separators=(",", ":")).encode()
        return str(self.machine.row.uuid), gzip.compress(body, 6)

    def batch(self, records: int) -> dsse.Envelope:
        """The next batch: every meter in turn, a second later each time round."""
        machine = self.machine
        lines = [self.record(n) for n in range(records)]
        body = machine.body(*lines, inv=self.inventory)
        envelope = machine.signed(json.dumps(body, separators=(",", ":")).encode())
        machine.seq, machine.chain = machine.seq + 1, envelope.digest
        return envelope

    def record(self, n: int) -> dict[str, object]:
        """One more value of one of the meters."""
        place = n % METERS
        if place == 0:
            self.span = self.machine.times(1)
        before = self.values[place]
        self.values[place] = before + 1_000 + n
        return {
            "k": "counter", "m": name_of(place), "inc": "aa" * 32, **self.span,
            "r0": str(before), "r1": str(before + 1_000 + n),
        }  # fmt: skip

    @cached_property
    def inventory(self) -> str:
        """The digest of the inventory in force."""
        return hashlib.sha256(self.machine.inventory().payload).hexdigest()


def name_of(place: int) -> str:
    """A meter's name."""
    return f"if:va{place}:tx"


@contextmanager
def prepared() -> Iterator[Fleet]:
    """The site runs, its nodes are let in and their meters assigned."""
    django.setup()
    call_command("check")
    call_command("migrate", verbosity=0)
    machines = let_in()
    listening = open_socket(None)
    host, port = listening.getsockname()[:2]
    command = [
        sys.executable, "-m", "gunicorn", "coop.wsgi", f"--bind=fd://{listening.fileno()}",
        "--workers=1", "--threads=4", "--no-control-socket", "--log-level=warning",
        "--timeout=120",
    ]  # fmt: skip
    web = subprocess.Popen(command, pass_fds=[listening.fileno()])
    try:
        wait_for(host, port)
        yield Fleet(host, port, web, machines)
    finally:
        web.terminate()
        web.wait(20)
        listening.close()


def let_in() -> list[Signer]:
    """A valley with an open period and nodes whose every meter measures a member's use."""
    from tests.metering.machine import Machine
    from tests.metering.world import make_valley

    valley = make_valley()
    found = []
    for _ in range(NODES):
        machine = Machine(meters=[
            {"m": name_of(n), "k": "counter", "u": "By", "driver": "netdev", "bits": 64}
            for n in range(METERS)
        ])  # fmt: skip
        machine.clock -= timedelta(days=5)
        valley.machine = machine.enrolled().described()
        for n in range(METERS):
            valley.assign((valley.ana, valley.ben)[n % 2], name_of(n))
        found.append(Signer(machine))
    return found


def wait_for(host: str, port: int) -> None:
    """The site answers when this returns."""
    for _ in range(100):
        try:
            line = http.client.HTTPConnection(host, port, timeout=30)
            line.request("GET", "/health/live/")
            line.getresponse().read()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("gunicorn does not answer")


def memory_of(pid: int) -> float:
    """Resident MB of a process and of those it started."""
    total = 0
    for part in (pid, *children_of(pid)):
        with open(f"/proc/{part}/status", encoding="utf-8") as file:
            total += next((int(line.split()[1]) for line in file if line.startswith("VmRSS")), 0)
    return total / 1024


def children_of(pid: int) -> list[int]:
    """The processes that one has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]
