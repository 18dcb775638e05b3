"""The files under /log/: answered before session and language, so that any cache may keep them."""

import hashlib
import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.cache import get_conditional_response

from ledger.log import files, rebuild, tree
from signing.errors import MalformedTile
from signing.tiles import Address

logger = logging.getLogger(__name__)

PREFIX = "/log/"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MOMENT = "public, max-age=5"
FOR_A_DAY = "public, max-age=86400"

Answering = Callable[[HttpRequest], HttpResponseBase]


class LogFiles:
    """Middleware that answers what stands under /log/ and passes on everything else.

    It stands before whatever reads cookies or the reader's language: the answers are the same
    for everybody and must not say `Vary`.
    """

    def __init__(self, get_response: Answering) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        return serve(request, request.path_info.removeprefix(PREFIX))


def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """One file of the log; 404 where the newest head does not reach."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    answer = answer_to(path)
    answer["Access-Control-Allow-Origin"] = "*"
    if answer.status_code != 200:
        return answer
    etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    answer["ETag"] = etag
    answer["Content-Length"] = str(len(answer.content))
    return get_conditional_response(request, etag=etag, response=answer) or answer


def answer_to(path: str) -> HttpResponse:
    """The file as an answer, or in a sentence why there is none."""
    if path == files.KEY:
        return _file(f"{tree.verifier_key().text()}\n".encode(), TEXT, FOR_A_DAY)
    head = tree.newest()
    if head is None:
        return _refusal("Nothing has been sealed in this log yet.", 404)
    if path == files.CHECKPOINT:
        return _file(head.note.encode(), TEXT, FOR_A_MOMENT)
    return tile(path, head.size)


def tile(path: str, size: int) -> HttpResponse:
    """A tile, or a bundle of leaves; nothing that could be kept where they were changed."""
    try:
        content = files.content_of(Address.parse(path), size)
    except MalformedTile:
        return _refusal("No file of a log has this name.", 404)
    except (rebuild.Missing, files.Changed) as found:
        logger.error("/log/%s is not given out: %s", path, found)
        return _refusal(f"This cannot be given out: {found}; tell the cooperative's auditors.", 500)
    if content is None:
        return _refusal(f"The newest checkpoint covers {size} leaves: not this far.", 404)
    return _file(content, BYTES, FOR_EVER)


def _file(content: bytes, kind: str, kept: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": kept})


def _refusal(sentence: str, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{sentence}\n", content_type=TEXT, status=status, headers=headers)
