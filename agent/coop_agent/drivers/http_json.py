"""Values out of a JSON answer, at places that a person described: described.py."""

import json
from pathlib import Path
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted
from coop_agent.drivers.described import Described, described
from coop_agent.errors import AgentError, DriverFailed


class Number(str):
    """A number as it was written, so that none of its digits is lost."""


class HttpJson(Wanted):
    """`http:<name>:<meter>`, each at a JSON pointer (RFC 6901)."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.name = f"http-json:{path}"
        self._described: Described | None = None

    def read(self, boot: str, deadline: float) -> list[Reading]:
        self._described = self._described or described(self._path)
        answer = parsed(self._described.source.get("", deadline))
        return [
            self._described.reading("http", line, text_at(answer, line.path), _life(answer, line))
            for line in self._described.lines
        ]


def made(rest: str) -> HttpJson:
    """The driver of `http-json:/etc/coop-agent/cloud.toml`; raises AgentError."""
    if not rest.startswith("/"):
        raise AgentError("http-json names the file that describes it: http-json:/path.toml")
    return HttpJson(rest)


def parsed(raw: bytes) -> Any:
    """The document, its numbers as they were written; raises DriverFailed."""
    try:
        return json.loads(raw, parse_int=Number, parse_float=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise DriverFailed("the answer is no JSON") from error


def text_at(document: Any, pointer: str) -> str:
    """The number or text at a JSON pointer; raises DriverFailed."""
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            raise DriverFailed(f"the answer has nothing at {pointer!r}")
    if not isinstance(value, str):
        raise DriverFailed(f"the answer has neither number nor text at {pointer!r}")
    return str(value)


def _life(answer: Any, line: Any) -> str:
    return text_at(answer, line.incarnation) if line.incarnation else ""
