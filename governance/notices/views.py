"""Where everybody finds the dates of votes and what came of them: page, calendar, feed."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.dates import calendar_file, dates_ahead


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """Every date of a vote that is set, in the cooperative's zone."""
    address = request.build_absolute_uri(reverse("governance:calendar_file"))
    context = {"dates": dates_ahead(), "calendar_address": address}
    return render(request, "governance/calendar.html", context)


@require_GET
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """The same as a file that calendars subscribe to."""
    kind = "text/calendar; charset=utf-8"
    return HttpResponse(calendar_file(settings.COOP_ADDRESS), content_type=kind)
