"""Where the kernel's files are: at their own places, or in a recorded tree that COOP_ROOT names.

A recorded tree lets two agents read the same counters, and shows what was read on another machine.
It proves nothing: who runs the agent decides what it reads anyway.
"""

import os
import socket
from pathlib import Path


def rooted(path: str) -> Path:
    """The file at an absolute path of the machine whose counters are read."""
    root = os.environ.get("COOP_ROOT", "")
    return Path(root + path)


def interfaces() -> dict[str, int]:
    """The index of every network interface, by name."""
    if not os.environ.get("COOP_ROOT"):
        return {name: index for index, name in socket.if_nameindex()}
    found: dict[str, int] = {}
    for path in rooted("/sys/class/net").glob("*/ifindex"):
        found[path.parent.name] = int(path.read_text())
    return found
