"""One HTTP exchange with the site. What comes back is read in the strict profile, or refused."""

import base64
import gzip
import hashlib
import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from coop_agent import __version__, dsse
from coop_agent.errors import AgentError, NotTrusted, Unreachable

TIMEOUT = 30
MAX_ANSWER = 4 * 1024 * 1024
PROBLEM = "application/problem+json"
JSON_TYPES = ("application/json", PROBLEM)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, the JSON object that came (empty if none did), and when to come again.

    `is_problem` tells the site's own refusals from those of whatever stands before it.
    """

    status: int
    body: dict[str, Any]
    retry_after: int | None
    is_problem: bool = False

    @property
    def code(self) -> str:
        code = self.body.get("code")
        return code if isinstance(code, str) else ""


class Site:
    """Where the site is. TLS is the ordinary kind, or rests on one certificate of its own."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AgentError(f"not the address of a site: {url!r}")
        self.url = url
        self._parts = parts
        self._ca = ca

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        """Send JSON, packed and with its digest; raises Unreachable."""
        packed = gzip.compress(dsse.dumped(body), compresslevel=6, mtime=0)
        digest = base64.b64encode(hashlib.sha256(packed).digest()).decode()
        own = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "Content-Digest": f"sha-256=:{digest}:",
        }
        return self._exchange("POST", path, packed, own | (headers or {}))

    def post_plain(self, path: str, body: Any) -> Answer:
        """Send JSON as it is: for the small bodies of enrolment."""
        return self._exchange("POST", path, dsse.dumped(body), {"Content-Type": JSON_TYPES[0]})

    def get(self, path: str) -> Answer:
        return self._exchange("GET", path, None, {})

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        common = {"User-Agent": f"coop-agent/{__version__}", "Accept": ", ".join(JSON_TYPES)}
        connection = _connection(self._parts, self._ca)
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, common | headers)
            return _answer(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.url}: {error or type(error).__name__}") from error
        finally:
            connection.close()


def _connection(parts: SplitResult, ca: Path | None) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    return http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=context)


def _answer(response: http.client.HTTPResponse) -> Answer:
    raw = response.read(MAX_ANSWER + 1)
    if len(raw) > MAX_ANSWER:
        raise Unreachable("the answer is too large")
    kind = (response.headers.get_content_type() or "").lower()
    retry_after = response.headers.get("Retry-After", "")
    return Answer(
        response.status,
        _object(raw, response.status) if kind in JSON_TYPES else {},
        int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
        kind == PROBLEM,
    )


def _object(raw: bytes, status: int) -> dict[str, Any]:
    try:
        return dsse.parsed_object(raw)
    except NotTrusted as error:
        raise Unreachable(f"status {status}, and {error}") from error
