"""What a member used, and the signed evidence behind it."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from members.access import member_required, the_member
from members.models import Member
from metering import evidence, queries
from metering.access import may_see_whole_batch, reading_for
from metering.disputes.disputed import disputes_of
from metering.fleet.proof import charge_of
from metering.forms import ReadingsForm
from metering.links.queries import corrections_by_hand, taken_back
from metering.models import Reading
from signing.words import fingerprint_words
from tokens.access import asked_period
from tokens.adjusted import adjustments_of
from tokens.models import Period
from tokens.queries import periods

PER_PAGE = 25


@require_GET
@member_required
@vary_on_headers("HX-Request")
def usage(request: HttpRequest) -> HttpResponse:
    """A member's use of a period; htmx asks for the summary alone, every few seconds."""
    member = the_member(request)
    period = asked_period(request.GET)
    context = summary(member, period)
    if request.headers.get("HX-Request") == "true":
        return render(request, "metering/parts/summary.html", context)
    return render(request, "metering/usage.html", context | listed(request, member, period))


def summary(member: Member, period: Period | None) -> dict[str, Any]:
    """What the upper part of the page shows."""
    return {
        "period": period,
        "uses": [] if period is None else queries.use_of(member, period),
        "latest": queries.latest_reading(member),
        "late": queries.late_use(member),
    }


def listed(request: HttpRequest, member: Member, period: Period | None) -> dict[str, Any]:
    """The pictures, and the readings that the filters leave."""
    form = ReadingsForm(request.GET)
    chosen: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    resource, day = chosen.get("resource", ""), chosen.get("day")
    rows = queries.readings_of(member, period, resource, day)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    uses = [] if period is None else queries.use_of(member, period)
    by_hand = [] if period is None else corrections_by_hand(member, period)
    return {
        "corrections": by_hand,
        "from_links": [] if period is None else taken_back(member, period),
        "late_rows": [] if period is None else adjustments_of(member, period),
        "disputes": disputes_of(member)[:PER_PAGE],
        "disputable": disputable(uses, resource),
        "page": page,
        "chosen": {"resource": resource, "day": day},
        "charts": [picture(use) for use in uses],
        "periods": periods()[:24],
    }


def disputable(uses: Sequence[queries.UseOfResource], resource: str) -> list[queries.UseOfResource]:
    """The books whose day a reader may dispute: those of the chosen resource, or all."""
    return [use for use in uses if resource in ("", use.state.row.resource.code)]


def picture(use: queries.UseOfResource) -> dict[str, Any]:
    """Points of a chart, and for each the address of the readings behind it."""
    code = use.state.row.resource.code
    base, metered = reverse("metering:usage"), queries.metered_days(use.state.book)
    urls = {
        d.day: f"{base}?period={use.state.row.period.code}&resource={code}&day={d.day}#readings"
        for d in use.days
        if d.day in metered
    }
    return {
        "state": use.state,
        "used": any(d.within or d.over for d in use.days),
        "points": [(date_format(d.day, _("j M")), d.within, d.over) for d in use.days],
        "links": [urls.get(d.day, "") for d in use.days],
        "days": [(d, urls[d.day]) for d in reversed(use.days) if d.day in urls],
    }


@require_GET
@login_required
def reading(request: HttpRequest, reading_id: int) -> HttpResponse:
    """One reading: how it came about, what it costs, and what proves it."""
    row = reading_for(request.user, reading_id)
    whole = may_see_whole_batch(request.user, row)
    return render(request, "metering/evidence.html", proof_of(row, whole))


def proof_of(row: Reading, whole: bool) -> dict[str, Any]:
    """All that the page of a reading shows."""
    receipt, expired = evidence.receipt_of(row.envelope), not row.envelope.payload
    return {
        "reading": row,
        "usage": queries.usage_of_reading(row),
        "charge": charge_of(row),
        "raw_after": (row.raw_before or 0) + row.quantity,
        "whole": whole,
        "expired": expired,
        "record": "" if expired else indented(evidence.record_of(row)),
        "payload": indented(evidence.payload_of(row.envelope)) if whole and not expired else "",
        "receipt": receipt and indented(json.loads(receipt.payload)),
        "signature": evidence.signature_text(row.envelope),
        "words": fingerprint_words(bytes(queries.key_of(row.envelope).public_key)),
        "holds": not expired and evidence.holds(row),
        "command": f".venv/bin/python manage.py verify_evidence reading-{row.pk}.json",
    }


def indented(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


@require_GET
@login_required
def bundle(request: HttpRequest, reading_id: int) -> HttpResponse:
    """The file that proves a reading, for `manage.py verify_evidence`."""
    row = reading_for(request.user, reading_id)
    if not may_see_whole_batch(request.user, row):
        raise PermissionDenied
    if not row.envelope.payload:
        raise Http404
    name = f'attachment; filename="reading-{row.pk}.json"'
    headers = {"Content-Disposition": name}
    return JsonResponse(evidence.bundle(row), json_dumps_params={"indent": 1}, headers=headers)
