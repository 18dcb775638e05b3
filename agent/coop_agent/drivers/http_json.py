"""Values out of a JSON answer, at places that a person described: described.py."""

from pathlib import Path
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted
from coop_agent.drivers.described import Described, Line, described
from coop_agent.drivers.document import parsed, text_at
from coop_agent.errors import AgentError


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


def _life(answer: Any, line: Line) -> str:
    return text_at(answer, line.incarnation) if line.incarnation else ""
