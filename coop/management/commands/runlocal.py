"""`manage.py runlocal`: the whole site on this machine, in one process tree, until Ctrl-C."""

import fcntl
import io
import os
import signal
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from coop.demo.machine import hand_out_meters
from coop.local import LocalError, embedded_services, use_embedded_services
from coop.local.listening import address_of, open_socket
from coop.local.site_programs import beat, claim_code_file, node, web, worker
from coop.local.supervisor import Supervisor
from ledger.errors import DomainError

QUICK_NODE = "5,15,30"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    """Sets up what is missing, starts every program, keeps them alive, ends them together."""

    help = "Run the site, its worker, its clock and a node agent here until Ctrl-C."
    requires_system_checks: list[str] = []
    assigned = False
    looked = 0.0

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The port may also stand in PORT; --bare leaves out the demo and its node."""
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or None)
        parser.add_argument("--bare", action="store_true", help="no demo cooperative, no node")

    def handle(self, *args: Any, port: int | None, bare: bool, **options: Any) -> None:
        """Run until a signal comes; every program has ended when this returns."""
        home = Path(settings.COOP_DATA_DIR)
        for folder in ("logs", "static"):
            (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ.setdefault("COOP_AGENT_SECONDS", QUICK_NODE)
        self.is_embedded = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
        with self.only_run(home):
            listens_for_signals()
            supervisor = Supervisor(home / "logs", self.say)
            try:
                self.run(supervisor, home, port, with_demo=not bare)
            except KeyboardInterrupt:
                self.say("Stopping")
            except LocalError as error:
                raise CommandError(str(error)) from None
            finally:
                self.end(supervisor)

    def run(self, supervisor: Supervisor, home: Path, port: int | None, with_demo: bool) -> None:
        """Every step from nothing to the running site."""
        self.starters = use_embedded_services(self.say)
        self.migrate()
        logins = self.demo() if with_demo else ""
        connection.close()
        with open_socket(port) as listening:
            address = address_of(listening)
            os.environ.setdefault("COOP_ADDRESS", address)
            supervisor.start(web(listening.fileno()))
            self.wait_for(address, supervisor)
            supervisor.start(worker())
            supervisor.start(beat(home))
            if with_demo:
                supervisor.start(node(address, home))
            self.say(
                f"\nThe site runs at {address}\n{logins}Mail that it sends is written to the log.\n"
                f"Logs: {home / 'logs'}. Ctrl-C ends it."
            )
            supervisor.watch(Every(2, lambda: self.look_after_rest(home, with_demo)))

    def demo(self) -> str:
        """Make the demo cooperative where there is none; what it says about its logins."""
        self.say("Looking after the demo cooperative")
        said = io.StringIO()
        call_command("demo", stdout=said)
        return said.getvalue()

    def look_after_rest(self, home: Path, with_demo: bool) -> None:
        """What is to be done now and then beside keeping the programs alive."""
        try:
            for start in self.starters:
                start(self.say)
            if with_demo:
                self.let_node_in(claim_code_file(home))
                hand_out_meters()
        except (LocalError, CommandError, DomainError, DatabaseError) as error:
            self.say(str(error))
        finally:
            connection.close()

    def let_node_in(self, file: Path) -> None:
        """Type in the claim code of this machine's node, as a steward would."""
        if file.exists():
            code = file.read_text().strip()
            file.unlink(missing_ok=True)
            self.say(f"Letting this machine's node in with its code {code}")
            call_command("approve_node", code, stdout=io.StringIO())

    def migrate(self) -> None:
        """Bring the tables up to date, where they are not."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Creating the tables")
            call_command("migrate", verbosity=0, interactive=False)

    def wait_for(self, address: str, supervisor: Supervisor) -> None:
        """Return when the site answers."""
        self.say("Waiting for the web server")
        for _ in range(300):
            supervisor.look()
            if answers(f"{address}/health/live/"):
                return
            time.sleep(0.2)
        raise LocalError(f"The site does not answer; see {supervisor.logs / 'web.log'}.")

    def end(self, supervisor: Supervisor) -> None:
        """Stop the programs, then the embedded services; more signals change nothing."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()
        if self.is_embedded:
            embedded_services().stop()
        self.say("Stopped; the data is kept")

    def say(self, line: str) -> None:
        """One line of progress, at once."""
        self.stdout.write(line)
        self.stdout.flush()

    @contextmanager
    def only_run(self, home: Path) -> Iterator[None]:
        """Refuse to run twice on the same data."""
        with (home / "run.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(f"The site runs already on {home}.") from None
            yield


class Every:
    """Calls something, but not more often than every so many seconds."""

    def __init__(self, seconds: float, action: Callable[[], None]) -> None:
        self.seconds = seconds
        self.action = action
        self.due = 0.0

    def __call__(self) -> None:
        """Act, if it is time."""
        if time.monotonic() >= self.due:
            self.action()
            self.due = time.monotonic() + self.seconds


def listens_for_signals() -> None:
    """Let each signal that means "end" raise KeyboardInterrupt."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)


def answers(url: str) -> bool:
    """Whether a GET succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
