"""A program of one's own that prints its meters, one JSON object a line: docs/drivers.md."""

import shlex
from pathlib import Path
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.command import output
from coop_agent.drivers.common import Wanted, incarnation, whole
from coop_agent.drivers.document import parsed
from coop_agent.errors import AgentError, DriverFailed

_KEYS = {"m", "k", "u", "v", "inc", "order", "cap", "bits"}
_WRITABLE_BY_ALL = 0o002


class Program(Wanted):
    """`exec:<m>` of every line. One line that cannot be read fails them all."""

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments
        self.name = f"exec:{shlex.join(arguments)}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        if Path(self._arguments[0]).stat().st_mode & _WRITABLE_BY_ALL:
            raise DriverFailed(f"{self._arguments[0]} can be changed by everybody")
        lines = output(self._arguments, deadline).splitlines()
        return [_reading(parsed(line)) for line in lines if line.strip()]


def made(rest: str) -> Program:
    """The driver of `exec:/path/to/program argument "another one"`; raises AgentError."""
    try:
        arguments = shlex.split(rest)
    except ValueError as error:
        raise AgentError(f"exec:{rest}: {error}") from error
    if not arguments or not arguments[0].startswith("/"):
        raise AgentError("exec names a program by its whole path: exec:/usr/local/bin/meters")
    return Program(arguments)


def _reading(line: Any) -> Reading:
    if not isinstance(line, dict) or set(line) - _KEYS or {"m", "k", "v"} - set(line):
        raise DriverFailed("a line is an object with m, k, v, and only u, inc, order, cap, bits")
    texts = {key: value for key, value in line.items() if isinstance(value, str)}
    if texts.keys() != line.keys():
        raise DriverFailed("the values of a line are texts and whole numbers")
    meter = f"exec:{texts['m']}"
    return Reading(
        meter,
        texts["k"],
        texts.get("u", "By"),
        whole(texts["v"]),
        incarnation(meter, texts.get("inc", "")) if texts["k"] == "counter" else "",
        whole(texts.get("order", "0")),
        int(whole(texts.get("bits", "64"))),
        whole(texts["cap"]) if "cap" in texts else None,
        lasting=True,
    )
