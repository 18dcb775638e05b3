"""A file of batches that somebody brought: taken in, and answered with a file of receipts."""

import json
from collections import Counter
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import member_required, the_member, the_user
from metering import services
from metering.agent_api import as_json, hint_rating
from metering.errors import TooLarge
from metering.fleet.forms import MOST_LINES, FileForm
from metering.models import FileDelivery
from metering.services.delivered import answer_of, keep_answer
from metering.services.files import Lines
from metering.services.signed import Result
from metering.stewards import see

PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@member_required
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file in; the page of its answer follows."""
    sent = request.method == "POST"
    form = FileForm(request.POST, request.FILES) if sent else FileForm()
    if sent and form.is_valid():
        row = take(request, form)
        if row is not None:
            return see("metering:delivered", number=row.uuid)
    earlier = FileDelivery.objects.filter(user=the_user(request)).defer("answer")
    context = {"form": form, "earlier": earlier}
    return render(request, "metering/upload.html", context, status=422 if form.errors else 200)


def take(request: HttpRequest, form: FileForm) -> FileDelivery | None:
    """The kept answer, or None with the reason on the form."""
    file, via = form.cleaned_data["file"], f"member:{the_member(request).number}"
    try:
        results = [as_json(result) for result in taken(file, via)]
    except DomainError as error:
        form.add_error("file", str(error))
        return None
    if any(result["status"] == "accepted" for result in results):
        hint_rating()
    return keep_answer(user=the_user(request), name=file.name, results=results)


def taken(stream: Lines, via: str) -> list[Result]:
    """What became of each line; raises TooLarge where there are more than fit into an answer.

    What came before is stored then, and answered when it comes again in a smaller file.
    """
    results = list(islice(services.take_file(stream=stream, via=via), MOST_LINES + 1))
    if len(results) > MOST_LINES:
        raise TooLarge
    return results


def delivery_or_404(request: HttpRequest, number: UUID) -> FileDelivery:
    """One's own; those of others are not there."""
    found = FileDelivery.objects.filter(uuid=number, user=the_user(request)).first()
    if found is None:
        raise Http404
    return found


@require_GET
@member_required
def delivered(request: HttpRequest, number: UUID) -> HttpResponse:
    """What became of each envelope of a file."""
    row = delivery_or_404(request, number)
    results = [json.loads(line) for line in answer_of(row).splitlines()]
    context = {
        "delivery": row,
        "counts": Counter(result["status"] for result in results).most_common(),
        "page": Paginator(numbered(results), PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "metering/delivered.html", context)


def numbered(results: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """Each result with the number of its line."""
    return list(enumerate(results, 1))


@require_GET
@member_required
def answer_file(request: HttpRequest, number: UUID) -> HttpResponse:
    """The `.coopreceipts` file for `coop-agent import-receipts`."""
    row = delivery_or_404(request, number)
    name = f"{PurePosixPath(row.name).stem[:80] or 'answer'}.coopreceipts"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(answer_of(row), content_type="application/x-ndjson", headers=headers)
