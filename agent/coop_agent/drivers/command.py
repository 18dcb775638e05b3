"""The output of a program: no shell, a bounded time, a bounded size, and nothing left running."""

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO

from coop_agent.errors import DriverFailed

MAX_OUTPUT = 1024 * 1024
PATIENCE = 10
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FINE = frozenset({0})
Process = subprocess.Popen[bytes]


def output(arguments: list[str], deadline: float, *, fine: frozenset[int] = _FINE) -> bytes:
    """What the program wrote to its standard output.

    Raises DriverFailed if it is not there, late, too talkative, or ends with a status not in
    `fine`. It and everything that it started in its process group is killed in the end.
    """
    deadline = min(deadline, time.monotonic() + PATIENCE)
    process = _started(arguments)
    try:
        out, err = _heard(process, deadline)
        _wait(process, deadline)
    finally:
        _end(process)
    if process.returncode not in fine:
        said = err.decode("utf-8", "replace").strip().replace("\n", " ")
        status = f"{arguments[0]} ended with status {process.returncode}"
        raise DriverFailed(f"{status}: {said[:200]}")
    return out


def _started(arguments: list[str]) -> Process:
    try:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", _PATH), "LC_ALL": "C"},
            start_new_session=True,
        )
    except OSError as error:
        raise DriverFailed(f"{arguments[0]}: {error.strerror}") from error


def _heard(process: Process, deadline: float) -> tuple[bytes, bytes]:
    """Both outputs until they end, read as they come, so that neither can stop the program."""
    heard = [bytearray(), bytearray()]
    with selectors.DefaultSelector() as selector:
        for at, stream in enumerate(_streams(process)):
            selector.register(stream, selectors.EVENT_READ, at)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise DriverFailed("no answer of the program in time")
            for key, _ in ready:
                more = os.read(key.fd, 1 << 16)
                heard[key.data] += more
                if not more:
                    selector.unregister(key.fileobj)
                if len(heard[key.data]) > MAX_OUTPUT:
                    raise DriverFailed(f"the program wrote more than {MAX_OUTPUT} bytes")
    return bytes(heard[0]), bytes(heard[1])


def _streams(process: Process) -> list[IO[bytes]]:
    return [stream for stream in (process.stdout, process.stderr) if stream is not None]


def _wait(process: Process, deadline: float) -> None:
    """Until the program has ended; its number stays its own until `_end` has let go of it."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process.pid, how) is None:
        if time.monotonic() > deadline:
            raise DriverFailed("the program does not end")
        time.sleep(0.01)


def _end(process: Process) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in _streams(process):
        stream.close()
