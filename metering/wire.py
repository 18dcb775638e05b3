"""Reading what nodes post, refusing what is wrong: docs/metering-protocol.md, 2 and 6."""

import base64
import hashlib
import math
import zlib
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from metering.errors import (
    DigestMismatch,
    Malformed,
    SchemaError,
    TooLarge,
    TooManyRequests,
    UnsupportedMediaType,
    WireError,
)
from metering.payloads import loads
from signing import dsse
from signing.errors import MalformedEnvelope

MAX_DECODED = 2 * 1024 * 1024
MAX_ENVELOPES = 32
GZIP = 16 + zlib.MAX_WBITS


def read_json(request: HttpRequest) -> Any:
    """The body as strict JSON; raises a WireError."""
    return loads(read_body(request))


def read_body(request: HttpRequest) -> bytes:
    """The body's bytes, checked against Content-Digest and inflated within the limit.

    Raises UnsupportedMediaType, TooLarge, DigestMismatch, Malformed.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.content_type != "application/json" or encoding not in ("identity", "gzip"):
        raise UnsupportedMediaType
    raw = request.read(MAX_DECODED + 1)
    if len(raw) > MAX_DECODED:
        raise TooLarge
    check_digest(raw, request.headers.get("Content-Digest", ""))
    return inflate(raw) if encoding == "gzip" else raw


def check_digest(raw: bytes, header: str) -> None:
    """Compare the body as encoded with the header of RFC 9530, where it names sha-256."""
    digests = dict(part.strip().partition("=")[::2] for part in header.split(",") if part.strip())
    wanted = digests.get("sha-256")
    found = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    if wanted is not None and wanted != f":{found}:":
        raise DigestMismatch


def inflate(raw: bytes) -> bytes:
    """The content of a gzip body, never unpacking more than the limit and one byte."""
    inflater = zlib.decompressobj(GZIP)
    try:
        content = inflater.decompress(raw, MAX_DECODED + 1)
    except zlib.error as error:
        raise Malformed("not gzip") from error
    if len(content) > MAX_DECODED:
        raise TooLarge
    if not inflater.eof or inflater.unused_data:
        raise Malformed("not one whole gzip stream")
    return content


def read_envelopes(request: HttpRequest) -> list[dsse.Envelope]:
    """The envelopes of a request; raises a WireError, and then none of them counts."""
    body = read_json(request)
    if not isinstance(body, dict) or set(body) != {"envelopes"}:
        raise SchemaError('the body is {"envelopes": […]}')
    values = body["envelopes"]
    if not isinstance(values, list) or not values:
        raise SchemaError("envelopes is a list with something in it")
    if len(values) > MAX_ENVELOPES:
        raise TooLarge
    return [envelope_from(value) for value in values]


def envelope_from(value: Any) -> dsse.Envelope:
    """One envelope; raises Malformed."""
    try:
        return dsse.Envelope.from_dict(value)
    except MalformedEnvelope as error:
        raise Malformed(str(error)) from error


def problem(error: WireError, **extra: Any) -> HttpResponse:
    """The refusal of a whole request (RFC 9457)."""
    answer = problem_of(error.code, error.status, str(error), **extra)
    if isinstance(error, TooManyRequests):
        answer["Retry-After"] = str(math.ceil(error.seconds))
    return answer


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, behind as many proxies of our own as COOP_PROXIES says."""
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.COOP_PROXIES <= len(passed):
        return passed[-settings.COOP_PROXIES][:64]
    return str(request.META.get("REMOTE_ADDR", ""))


def node_named(request: HttpRequest, header: str) -> str:
    """The node that a header names, in its usual spelling; "" where it names none."""
    try:
        return str(UUID(request.headers.get(header, "")))
    except ValueError:
        return ""


def problem_of(code: str, status: int, detail: str, **extra: Any) -> HttpResponse:
    """A problem by its parts."""
    body = {
        "type": "about:blank",
        "code": code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }
    headers = {"Retry-After": "60"} if status == 429 else {}
    return JsonResponse(
        body, status=status, content_type="application/problem+json", headers=headers
    )
