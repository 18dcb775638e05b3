"""Telling systemd that the node is at work: the protocol of sd_notify(3), over a plain socket.

Each part of the agent says by when it will be heard of again. While one of them is late the
watchdog is not fed, and systemd starts the agent anew; nothing is lost by that.
"""

import os
import socket
import time


class Pulse:
    """Who is expected by when. Parts that wait for others are not expected."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def expect(self, part: str, seconds: float) -> None:
        """This part will be heard of again within so many seconds."""
        self._until[part] = time.monotonic() + seconds

    def rest(self, part: str) -> None:
        """This part waits for something that may never come."""
        self._until.pop(part, None)

    def late(self) -> list[str]:
        """The parts that should have been heard of."""
        now = time.monotonic()
        return [part for part, until in list(self._until.items()) if until < now]


def notify(state: str) -> bool:
    """Tell the supervisor; False where there is none, or it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if address[0] == "@":
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall(state.encode())
    except OSError:
        return False
    return True


def feeding_interval() -> float | None:
    """Seconds between two feedings of the watchdog; None where nobody watches this process."""
    micro, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not micro.isdigit() or int(micro) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(micro) / 1_000_000 / 2
