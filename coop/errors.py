"""What is shown when a request cannot be answered: what happened, and what is unchanged."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from coop.middleware import request_id
from coop.problems import problem_json


def shown(request: HttpRequest, code: str, status: int, title: str, text: str) -> HttpResponse:
    """The page of an error; a problem document where a program asked."""
    if request.path.startswith("/api/"):
        return problem_json(code, text, status)
    context = {"error_title": title, "error_text": text, "request_id": request_id(request)}
    return render(request, "errors/page.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    title = _("This request could not be understood")
    return shown(request, "bad_request", 400, title, _("Nothing was booked or changed."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    title = _("This page is not open to you")
    text = _("It is for stewards, or for the member it is about. Nothing was changed.")
    return shown(request, "forbidden", 403, title, text)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or stale."""
    title = _("This form was too old to be taken")
    text = _(
        "It was opened before you last signed in or out, or cookies are switched off. "
        "Nothing was booked: go back, reload the page and send it again."
    )
    return shown(request, "csrf", 403, title, text)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    title = _("There is no page here")
    text = _("The address may be mistyped, or what stood here belongs to somebody else.")
    return shown(request, "not_found", 404, title, text)


def failed(request: HttpRequest) -> HttpResponse:
    """500: drawn without the database, which may be what failed."""
    if request.path.startswith("/api/"):
        text = _("The site failed. What was not confirmed was not booked.")
        return problem_json("internal", text, 500)
    body = loader.render_to_string("errors/bare.html", {"request_id": request_id(request)})
    return HttpResponse(body, status=500)


class WordsForNotAllowed:
    """Middleware: 405 with a page, where a view has only refused the method."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        title = _("This address is not asked in that way")
        text = _("It is for sending a form, or only for reading. Nothing was booked or changed.")
        page = shown(request, "method_not_allowed", 405, title, text)
        page["Allow"] = response["Allow"]
        return page


class WordsForBrokenText:
    """Middleware: 400 for a text with a NUL or half a surrogate pair: no UTF-8 for PostgreSQL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page or the problem; every other failure stays one."""
        said = str(exception)
        nul = isinstance(exception, DataError) and ("(0x00)" in said or "\\u0000" in said)
        half = isinstance(exception, UnicodeEncodeError) and "surrogates" in exception.reason
        return bad_request(request, exception) if nul or half else None
