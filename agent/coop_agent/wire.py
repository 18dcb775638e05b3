"""One exchange with the site. What comes back is read in the strict profile, or refused."""

import base64
import hashlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from coop_agent import __version__, dsse, web
from coop_agent.errors import NotTrusted, Unreachable

if TYPE_CHECKING:
    import ssl

TIMEOUT = 30
MAX_ANSWER = 4 * 1024 * 1024
GZIP = 31
PROBLEM = "application/problem+json"
JSON_TYPES = ("application/json", PROBLEM)


class Answer(NamedTuple):
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
        self._place = web.address(url)
        self.url = url
        self._ca = ca
        self._context: ssl.SSLContext | None = None

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        """Send JSON, packed and with its digest; raises Unreachable."""
        packed = _packed(dsse.dumped(body))
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
        sent = web.request(method, self._place, path, common | headers, body)
        try:
            return _answer(web.exchange(self._place, self._trusting(), sent, TIMEOUT, MAX_ANSWER))
        except (OSError, UnicodeError, web.Broken) as error:
            raise Unreachable(f"{self.url}: {error or type(error).__name__}") from error

    def _trusting(self) -> "ssl.SSLContext | None":
        """Whom to believe, read once: a certificate that was replaced is known after a start."""
        if self._context is None and self._place.scheme == "https":
            self._context = web.trusting(self._ca)
        return self._context


def _packed(raw: bytes) -> bytes:
    """In the form of gzip, the same for the same bytes: without a time or a name."""
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    return packer.compress(raw) + packer.flush()


def _answer(response: web.Response) -> Answer:
    if len(response.body) > MAX_ANSWER:
        raise Unreachable("the answer is too large")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    retry_after = response.headers.get("retry-after", "")
    return Answer(
        response.status,
        _object(response.body, response.status) if kind in JSON_TYPES else {},
        int(retry_after) if retry_after.isascii() and retry_after.isdigit() else None,
        kind == PROBLEM,
    )


def _object(raw: bytes, status: int) -> dict[str, Any]:
    try:
        return dsse.parsed_object(raw)
    except NotTrusted as error:
        raise Unreachable(f"status {status}, and {error}") from error
