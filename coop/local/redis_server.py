"""One Redis server of our own, over a unix socket. It carries hints: losing it loses nothing."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from coop.local.account import private_folder
from coop.local.errors import LocalError
from coop.local.places import Places
from coop.local.process import read_pid, wait_until, works_in
from coop.local.programs import redis_program

AT_ONCE = Retry(NoBackoff(), 0)
IN_BACKGROUND = ["/bin/sh", "-c", '"$@" &', "sh"]


@dataclass(frozen=True)
class Redis:
    """The server of these places. Not durable: writes nothing to the disk."""

    places: Places
    durable: bool = True

    @property
    def data(self) -> Path:
        """The server's working folder."""
        return self.places.state / "redis"

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.places.sockets / "redis.sock"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.places.logs / "redis.log"

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"unix://{self.socket}"

    def pid(self) -> int | None:
        """The number that the server left in its folder, alive or not."""
        return read_pid(self.data / "redis.pid")

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=5, retry=AT_ONCE) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def start(self) -> None:
        """Start the server and wait until it answers. Call holding the lock."""
        if self.is_running():
            return
        private_folder(self.places.sockets, self.places.account)
        private_folder(self.data, self.places.account)
        self._kill_mute()
        self._launch()
        if not wait_until(self.is_running, seconds=30):
            raise LocalError(f"Redis does not answer; see {self.log}.")

    def stop(self) -> None:
        """End the server; a durable one writes its queue down first."""
        pid = self.pid()
        if pid is None or not works_in(pid, self.data):
            return
        os.kill(pid, signal.SIGTERM)
        if not wait_until(lambda: not works_in(pid, self.data), seconds=20):
            self._kill_mute()

    def _kill_mute(self) -> None:
        pid = self.pid()
        if pid is not None and works_in(pid, self.data):
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not works_in(pid, self.data), seconds=10)

    def _launch(self) -> None:
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--unixsocketperm": "700",
            "--dir": str(self.data),
            "--pidfile": str(self.data / "redis.pid"),
            "--save": "60 1" if self.durable else "",
        }
        words = [word for option in options.items() for word in option]
        command = [*IN_BACKGROUND, str(redis_program(self.places)), *words]
        self.places.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("a") as log:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                check=False,
                start_new_session=True,
                **self.places.account.switch,
            )
