"""Samples out of the text that programs show to Prometheus, chosen by a person: described.py.

Its values are floating point at the source: above 2^53 they skip. What is exact elsewhere (an
interface, a control group) is better read there.
"""

import re
from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted
from coop_agent.drivers.described import Described, described
from coop_agent.errors import AgentError, DriverFailed

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(?:,|$)')
_LABELS = r'(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?'
_SELECTOR = re.compile(rf"({_NAME}){_LABELS}")
_SAMPLE = re.compile(rf"({_NAME}){_LABELS}[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*(?:#.*)?")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Prometheus(Wanted):
    """`prom:<name>:<meter>`, each the one sample that a selector such as `a{b="c"}` chooses."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.name = f"prometheus:{path}"
        self._described: Described | None = None

    def read(self, boot: str, deadline: float) -> list[Reading]:
        self._described = self._described or described(self._path)
        text = self._described.source.get("", deadline).decode("utf-8", "replace")
        return [
            self._described.reading(
                "prom", line, chosen(text, line.path),
                chosen(text, line.incarnation) if line.incarnation else "",
            )
            for line in self._described.lines
        ]  # fmt: skip


def made(rest: str) -> Prometheus:
    """The driver of `prometheus:/etc/coop-agent/node.toml`; raises AgentError."""
    if not rest.startswith("/"):
        raise AgentError("prometheus names the file that describes it: prometheus:/path.toml")
    return Prometheus(rest)


def chosen(text: str, selector: str) -> str:
    """The value of the only sample with this name and these labels; raises DriverFailed."""
    wanted = _SELECTOR.fullmatch(selector.strip())
    if wanted is None:
        raise DriverFailed(f"not a selector: {selector!r}")
    name, labels = wanted[1], _labels(wanted[2])
    found = [
        sample[3]
        for line in text.split("\n")
        if line.startswith(name) and (sample := _SAMPLE.fullmatch(line.strip())) is not None
        if sample[1] == name and labels.items() <= _labels(sample[2]).items()
    ]
    if len(found) != 1:
        raise DriverFailed(f"{len(found)} samples are {selector!r}; one is needed")
    return found[0]


def _labels(text: str | None) -> dict[str, str]:
    """The labels up to the first that is none.

    One after the other: a search would go through a long text, made for that, again and again.
    """
    found: dict[str, str] = {}
    at = 0
    while (label := _LABEL.match(text or "", at)) is not None:
        found[label[1]] = re.sub(r"\\.", lambda e: _ESCAPES.get(e[0], e[0]), label[2])
        at = label.end()
    return found
