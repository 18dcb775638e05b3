"""One PostgreSQL server of our own: a data folder, a unix socket, no network."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from coop.local.account import private_folder
from coop.local.errors import LocalError
from coop.local.places import SOCKET_NAME, Places
from coop.local.process import read_pid, workers_in, works_in
from coop.local.programs import postgres_folder

DATABASE = OWNER = "coop"
PLAIN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The server of these places. Not durable: for tests, may lose everything in a power cut."""

    places: Places
    durable: bool = True

    @property
    def data(self) -> Path:
        """The cluster's folder."""
        return self.places.state / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.places.logs / "postgres.log"

    @property
    def url(self) -> str:
        """Where a client finds the site's database."""
        return f"postgresql://{OWNER}@/{DATABASE}?host={quote(str(self.places.sockets))}"

    def is_running(self) -> bool:
        """Whether our server lives and takes connections."""
        pid = self.pid()
        return pid is not None and works_in(pid, self.data) and self._says_ready()

    def pid(self) -> int | None:
        """The number that the server left in its folder, alive or not."""
        return read_pid(self.data / "postmaster.pid")

    def start(self) -> None:
        """Create the cluster where there is none, start the server, create the database.

        Call holding the lock.
        """
        if self.is_running():
            return
        self._init()
        self._configure()
        self._forget_dead_server()
        self._run("pg_ctl", "start", "--wait", "--timeout=120", f"--pgdata={self.data}")
        self._create_database()

    def stop(self) -> None:
        """End the server in order: connections are cut, what was committed is kept."""
        pid = self.pid()
        if pid is None or not works_in(pid, self.data):
            return
        self._run("pg_ctl", "stop", "--wait", "--mode=fast", f"--pgdata={self.data}")

    def _init(self) -> None:
        if self.data.exists():
            return self._check_version()
        fresh = self.data.with_name("postgres.new")
        self._discard(fresh)
        self._run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={OWNER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        )
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists = 'coop.conf'\n")
        fresh.rename(self.data)

    def _discard(self, leftover: Path) -> None:
        if leftover.exists():
            subprocess.run(["rm", "-rf", "--", str(leftover)], check=True)

    def _check_version(self) -> None:
        has = (self.data / "PG_VERSION").read_text().strip()
        program = [str(postgres_folder(self.places) / "postgres"), "--version"]
        answer = subprocess.run(program, capture_output=True, text=True, check=True).stdout
        if not answer.split()[-1].startswith(f"{has}."):
            raise LocalError(
                f"{self.data} was written by PostgreSQL {has}, but here is {answer.strip()}: "
                "move it with pg_dump and pg_restore, or put it aside to begin anew."
            )

    def _configure(self) -> None:
        private_folder(self.places.sockets, self.places.account)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.places.sockets),
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(DURABLE if self.durable else THROW_AWAY),
        }
        lines = [f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()]
        file = self.data / "coop.conf"
        file.write_text("".join(lines))
        file.chmod(0o644)

    def _forget_dead_server(self) -> None:
        """Remove a dead server's marks, whoever carries its number now.

        PostgreSQL itself keeps away from a number that is in use, be it a stranger's or that of
        a dead process which nobody has buried.
        """
        if self.pid() is None or workers_in(self.data):
            return
        socket = self.places.sockets / SOCKET_NAME
        for mark in (self.data / "postmaster.pid", socket, socket.with_name(f"{SOCKET_NAME}.lock")):
            mark.unlink(missing_ok=True)

    def _says_ready(self) -> bool:
        lines = (self.data / "postmaster.pid").read_text().split("\n")
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _create_database(self) -> None:
        server = self.url.replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(server, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs as its account; it and its children write to the log."""
        command = [str(postgres_folder(self.places) / program), *arguments]
        self.places.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("a") as log:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=PLAIN_ENVIRONMENT,
                check=False,
                **self.places.account.switch,
            )
        if done.returncode:
            raise LocalError(f"{program} failed; {self.log} ends:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def _quoted(value: str) -> str:
    return value.replace("'", "''")
