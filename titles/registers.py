"""The register of titles as a page and as a file: by name for those who may read the books so."""

import csv
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ledger.reports.csv_file import decimal, text
from members.queries import is_auditor
from titles.moving_forms import RegisterForm
from titles.register import AsOf, titles_as_of, totals_as_of
from titles.register import holders_as_of as holders

PAGE = 100
HEAD = ("title", "member_number", "member", "pool", "units", "paid_in", "origin", "issued_on",
        "recorded_at", "ended_on")  # fmt: skip


@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """Who held what at the end of a day, as known at a moment; everybody else reads sums."""
    form = RegisterForm(request.GET or None, initial={"day": timezone.localdate()})
    moment = asked_moment(form)
    context: dict[str, Any] = {"form": form, "moment": moment, "totals": totals_as_of(moment)}
    context["day"] = timezone.localdate(moment.at)
    context["by_name"] = is_auditor(request.user)
    if context["by_name"]:
        rows = holders(moment, form.cleaned_data.get("pool") if form.is_valid() else None)
        context["page"] = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "titles/register.html", context, status=422 if form.errors else 200)


def asked_moment(form: RegisterForm) -> AsOf:
    """What the form asks for; today, as known today, where it asks for nothing."""
    asked = form.cleaned_data if form.is_valid() else {}
    day: date = asked.get("day") or timezone.localdate()
    known: datetime | None = asked.get("known")
    return AsOf.day(day, known)


@require_GET
def register_csv(request: HttpRequest) -> HttpResponse:
    """Every title of the register as a line, for those who may read it by name."""
    if not is_auditor(request.user):
        raise PermissionDenied
    form = RegisterForm(request.GET or None)
    moment = asked_moment(form)
    pool = form.cleaned_data.get("pool") if form.is_valid() else None
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"titles-{timezone.localdate(moment.at):%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    rows = csv.writer(response)
    rows.writerow(HEAD)
    for t in titles_as_of(moment, pool).iterator(2000):
        ended = t.ended_at and timezone.localdate(t.ended_at)
        rows.writerow([
            t.number, t.member.number, text(t.member.name), t.pool.code, t.units,
            decimal(t.capital, 2), t.origin, timezone.localdate(t.issued_at),
            t.recorded_at.isoformat(), ended or "",
        ])  # fmt: skip
    return response
