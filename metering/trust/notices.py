"""What nodes read of the others: the list of revoked keys, and notices about neighbours.

Both are signed; who asks is not asked for. An answer that says the same as before is 304.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_GET

from metering import queries, services
from metering.errors import NotEnrolled
from metering.services.notices import notices, revoked, tag_of
from metering.wire import problem_of

FRESH_SECONDS = 60


def revocations_tag(request: HttpRequest) -> str:
    """Changes with the list."""
    return tag_of(revoked())


@require_GET
@cache_control(public=True, max_age=FRESH_SECONDS)
@condition(etag_func=revocations_tag)
def revocations(request: HttpRequest) -> HttpResponse:
    """The signed list of revoked keys."""
    return JsonResponse(services.signed_revocations().as_dict())


def notices_tag(request: HttpRequest, node: UUID) -> str | None:
    """Changes with the notices; None where there is no such node."""
    row = queries.live_node(node)
    return None if row is None else tag_of(notices(row, timezone.now()))


@require_GET
@cache_control(public=True, max_age=FRESH_SECONDS)
@condition(etag_func=notices_tag)
def notices_for(request: HttpRequest, node: UUID) -> HttpResponse:
    """The signed notices for one node."""
    row = queries.live_node(node)
    if row is None:
        return problem_of("not_enrolled", 404, str(NotEnrolled()))
    return JsonResponse(services.signed_notices(node=row).as_dict())
