"""A request id for every answer, and the reader's own language."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

Handler = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-Id"
SANE = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestId:
    """Names each request, so that a reader's report leads to the line in the log."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        name = given if SANE.fullmatch(given) else uuid.uuid4().hex[:16]
        request.META["coop.request_id"] = name
        response = self.get_response(request)
        response[HEADER] = name
        return response


class ReaderLanguage:
    """Answers a user in the language on their row, wherever they log in; stands after auth."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and translation.check_for_language(user.language):
            translation.activate(user.language)
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
        return response


def request_id(request: HttpRequest) -> str:
    """The name of this request; empty outside the middleware."""
    return str(request.META.get("coop.request_id", ""))
