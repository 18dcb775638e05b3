"""The stewards' page on moving a register in and taking it out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from members.access import steward_required, the_user
from titles.exchange.export import export_register
from titles.exchange.files import Files, to_zip
from titles.exchange.forms import SetForm
from titles.exchange.move_in import CannotMoveIn, Outcome, digest_of, look_at, move_in
from titles.exchange.ocf import export_ocf
from titles.models import RegisterImport

SHOWN = 200
"""mistakes that the page names; the command names them all"""


@require_http_methods(["GET", "POST"])
@steward_required
def moving(request: HttpRequest) -> HttpResponse:
    """Choose a set of files and see what moving it in would do."""
    form = SetForm(request.POST or None, request.FILES or None)
    context = {"form": form, "moved": RegisterImport.objects.first()}
    if request.method == "POST" and form.is_valid():
        files = form.cleaned_data["file"]
        return _report(request, look_at(files), files)
    status = 422 if form.errors else 200
    return render(request, "titles/exchange/moving.html", context, status=status)


@require_POST
@steward_required
def confirm(request: HttpRequest) -> HttpResponse:
    """Move in the set that was looked at."""
    form = SetForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"form": form, "moved": RegisterImport.objects.first()}
        return render(request, "titles/exchange/moving.html", context, status=422)
    files = form.cleaned_data["file"]
    if form.cleaned_data["digest"] != digest_of(files).hex():
        return _report(request, look_at(files), files, is_another=True)
    try:
        outcome = move_in(files=files, actor=the_user(request))
    except CannotMoveIn as error:
        return _report(request, Outcome({}, error.problems), files)
    done = _("It was here already.") if outcome.is_done else _("The register has moved in.")
    messages.success(request, done)
    return HttpResponseRedirect(reverse("titles:moving"), status=303)


@require_GET
@steward_required
def export(request: HttpRequest) -> HttpResponse:
    """The register as files that can be moved in."""
    return _zip(export_register(), "register.zip")


@require_GET
@steward_required
def ocf(request: HttpRequest) -> HttpResponse:
    """The share transactions in the Open Cap Table Format."""
    return _zip(export_ocf(), "register.ocf.zip")


def _report(
    request: HttpRequest, outcome: Outcome, files: Files, *, is_another: bool = False
) -> HttpResponse:
    context = {
        "outcome": outcome,
        "shown": outcome.problems[:SHOWN],
        "voids": [(kind, count) for kind, count in outcome.voids.items() if count],
        "form": SetForm(initial={"digest": digest_of(files).hex()}),
        "is_another": is_another,
    }
    status = 422 if is_another or not outcome.is_fit else 200
    return render(request, "titles/exchange/report.html", context, status=status)


def _zip(files: Files, name: str) -> HttpResponse:
    response = HttpResponse(to_zip(files), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
