"""The books as files for other programs, open to all as the books are. Nothing writes."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ledger.access import reader_of
from ledger.asof import BeforeTheCut, require_kept
from ledger.exports import FORMATS, Asked, blocks
from ledger.exports.forms import ExportForm


@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """Which files there are, and for which days."""
    form = ExportForm(None, reader_of(request.user))
    return render(request, "ledger/exports.html", {"form": form})


@require_GET
def download(request: HttpRequest) -> HttpResponseBase:
    """The file that was asked for, streamed."""
    form = ExportForm(request.GET, reader_of(request.user))
    if form.is_valid() and _there(form):
        return file_of(form.cleaned_data["format"], form.asked())
    return render(request, "ledger/exports.html", {"form": form}, status=422)


def _there(form: ExportForm) -> bool:
    """Whether the entries of these days are kept here; says so on the form where not."""
    try:
        require_kept(form.asked().window.start)
    except BeforeTheCut as refusal:
        form.add_error("first", str(refusal))
    return not form.errors


def file_of(name: str, asked: Asked) -> StreamingHttpResponse:
    """An export to be saved."""
    form = FORMATS[name]
    days = [day.isoformat() for day in (asked.first, asked.last) if day]
    called = "-".join(["books", *days])
    return StreamingHttpResponse(
        blocks(form.lines(asked)),
        content_type=form.content_type,
        headers={"Content-Disposition": f'attachment; filename="{called}.{form.ending}"'},
    )
