"""RFC 9457 problem details: the one shape of an error that the API gives."""

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ledger.errors import DomainError

PLAIN_CODES = {403: "permission_denied", 404: "not_found"}
"""codes of the refusals that come from Django and not from the API's own classes"""


def problem(code: str, detail: str, status: int, **extra: Any) -> dict[str, Any]:
    """The body of an error: `code` is stable, and `type` leads nowhere, as RFC 9457 allows."""
    return {
        "type": "about:blank",
        "code": code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }


def problem_json(code: str, detail: str, status: int, **extra: Any) -> JsonResponse:
    """A plain Django response with the problem as its body."""
    body = problem(code, detail, status, **extra)
    return JsonResponse(body, status=status, content_type="application/problem+json")


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception hook: domain errors and DRF's own become problems."""
    if isinstance(exc, DomainError):
        body = problem(exc.code, str(exc), exc.status)
        return Response(body, status=exc.status, content_type="application/problem+json")
    response = exception_handler(exc, context)
    if response is None:
        return None
    code = getattr(exc, "default_code", PLAIN_CODES.get(response.status_code, "error"))
    details = {} if not isinstance(response.data, dict) else {"errors": response.data}
    response.data = problem(str(code), str(exc), response.status_code, **details)
    response.content_type = "application/problem+json"
    return response
