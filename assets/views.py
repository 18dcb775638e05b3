"""Pages of the register that everybody may read, the labels, and what a member keeps."""

from typing import Any
from urllib.parse import quote

import segno
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from assets import linked, money, register
from assets.access import asset_or_404, file_or_404, offer_or_404
from assets.deeds import open_to
from assets.filters import AssetFilter
from assets.forms import AsOfForm
from assets.models import Asset
from assets.services import answer_custody
from ledger.errors import DomainError
from members.access import member_required, steward_required, the_member, the_user
from members.queries import is_steward

PAGE = 50
LABELS = 200


@require_GET
@vary_on_headers("Accept")
def everything(request: HttpRequest) -> HttpResponse:
    """The register of what we own, by filters; as linked data where that is asked for."""
    if linked.is_wanted(request):
        return linked.register_response(request)
    filters = AssetFilter(request.GET, register.register())
    page = Paginator(filters.qs, PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    brought = register.yields_of([row.pk for row in rows], timezone.localdate())
    context = {
        "filters": filters,
        "page": page,
        "rows": [(row, brought.get(row.pk, [])) for row in rows],
        "steward": is_steward(request.user),
    }
    return render(request, "assets/register.html", context)


@require_GET
def as_of(request: HttpRequest) -> HttpResponse:
    """The register as it stood on a day, as it was known then or as it is known now."""
    form = AsOfForm(request.GET if "day" in request.GET else {"day": timezone.localdate()})
    rows = register.register_at(form.cleaned_data["day"]) if form.is_valid() else []
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "steward": is_steward(request.user)}
    return render(request, "assets/as_of.html", context, status=422 if form.errors else 200)


@require_GET
@vary_on_headers("Accept")
def asset(request: HttpRequest, asset_id: int) -> HttpResponse:
    """One asset: what everybody may know of it, and to stewards all of it."""
    found = asset_or_404(asset_id)
    if linked.is_wanted(request):
        return linked.asset_response(request, found)
    steward = is_steward(request.user)
    files = register.files() if steward else register.public_files()
    context: dict[str, Any] = {
        "asset": found,
        "yields": register.yields_of([found.pk], timezone.localdate()).get(found.pk, []),
        "files": list(files.filter(asset=found)),
        "custody": register.custodian_of(found),
        "steward": steward,
    }
    more = steward_facts(found) if steward else {}
    return render(request, "assets/asset.html", context | more)


def steward_facts(found: Asset) -> dict[str, Any]:
    """What only stewards see of an asset."""
    cost, minutes = register.upkeep_cost(found)
    return {
        "deeds": open_to(found),
        "offer": register.offer_of(found),
        "value": money.book_value_of(found),
        "is_planned": found.plans.exists(),
        "upkeep": list(register.upkeep_of(found)),
        "upkeep_cost": cost,
        "upkeep_minutes": minutes,
        "history": register.history_of(found),
    }


@require_GET
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """The bytes of a file: pictures to be shown, everything else to be saved, nothing to run."""
    found = file_or_404(request.user, file_id)
    is_picture = found.content_type.startswith("image/")
    return plain_bytes(
        bytes(found.content), found.content_type, found.sha256, download=not is_picture
    )


@require_GET
def thumbnail(request: HttpRequest, file_id: int) -> HttpResponse:
    """A small picture."""
    found = file_or_404(request.user, file_id)
    return plain_bytes(bytes(found.thumbnail), "image/jpeg", f"{found.sha256}-small")


def plain_bytes(data: bytes, kind: str, name: str, *, download: bool = False) -> HttpResponse:
    """Bytes that no browser will take for a page, with scripts or without."""
    ending = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}[kind]
    way = "attachment" if download else "inline"
    return HttpResponse(
        data,
        content_type=kind,
        headers={
            "Content-Disposition": f'{way}; filename="{quote(name[:12])}.{ending}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=3600",
        },
    )


@require_GET
@steward_required
def labels(request: HttpRequest) -> HttpResponse:
    """Labels to print, with codes that open the pages of the assets; the same filters."""
    filters = AssetFilter(request.GET, register.register())
    rows = [(row, qr_of(request, row)) for row in filters.qs[:LABELS]]
    return render(request, "assets/labels.html", {"filters": filters, "labels": rows})


@require_GET
@steward_required
def label(request: HttpRequest, asset_id: int) -> HttpResponse:
    """One label."""
    found = asset_or_404(asset_id)
    context = {"labels": [(found, qr_of(request, found))], "asset": found}
    return render(request, "assets/labels.html", context)


def qr_of(request: HttpRequest, found: Asset) -> SafeString:
    """The code that opens an asset's page, as SVG."""
    address = request.build_absolute_uri(reverse("assets:asset", args=[found.pk]))
    svg = segno.make(address, error="m").svg_inline(
        border=2, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    # Made by the QR library out of modules alone: the address is not in it as text.
    return mark_safe(svg)


@require_GET
@member_required
def mine(request: HttpRequest) -> HttpResponse:
    """What a member keeps for the cooperative, and what they are asked to keep."""
    rows = list(register.custodies_of(the_member(request)))
    context = {
        "offers": [row for row in rows if row.answered_at is None],
        "kept": [row for row in rows if row.since and row.until is None],
        "once": [row for row in rows if row.until],
    }
    return render(request, "assets/mine.html", context)


@require_POST
@member_required
def answer(request: HttpRequest, custody_id: int) -> HttpResponse:
    """Accept or decline an offer of custody."""
    offer_or_404(the_member(request), custody_id)
    accepts = request.POST.get("answer") == "accept"
    try:
        answer_custody(custody_id=custody_id, accepts=accepts, actor=the_user(request))
        messages.success(request, _("You keep it from today on.") if accepts else _("Declined."))
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(reverse("assets:mine"), status=303)
