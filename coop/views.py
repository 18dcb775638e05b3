"""Pages of the site itself: front page, overview, stewardship, preferences, style guide."""

import datetime as dt

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coop.forms import PreferencesForm, SampleForm
from coop.overview import overview_of
from coop.path_page import path_page as path_of_member
from coop.queries import public_facts
from coop.services import choose_preferences
from coop.stewardship import work_waiting, work_with_money
from members.access import member_required, the_member
from members.queries import does_work, is_steward, member_of

YEAR = 365 * 24 * 3600


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The public front page: what is owned together, and how to join."""
    return render(request, "coop/home.html", public_facts(timezone.now()))


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """What a member owns, may use, owes and has to do."""
    member = member_of(request.user)
    admitted = member is not None and member.number is not None
    context = overview_of(member) if member and admitted else {"greeting": _("Welcome")}
    return render(request, "coop/overview.html", context)


@require_GET
@member_required
def path_page(request: HttpRequest) -> HttpResponse:
    """Own, need and gap, break-even, and when all that is used is owned."""
    return render(request, "coop/path_page.html", path_of_member(the_member(request)))


@login_required
@require_GET
def stewardship(request: HttpRequest) -> HttpResponse:
    """The work that waits for a steward."""
    if not does_work(request.user):
        raise PermissionDenied
    queues = work_waiting() if is_steward(request.user) else work_with_money()
    context = {"queues": queues, "waiting": sum(queue.number for queue in queues)}
    return render(request, "coop/stewardship.html", context)


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep language and theme: on the user's row, and in cookies for the pages before login."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return redirect("/")
    language, theme = form.cleaned_data["language"], form.cleaned_data["theme"]
    if request.user.is_authenticated:
        choose_preferences(actor=request.user, language=language, theme=theme)
    response = HttpResponse(status=303, headers={"Location": form.cleaned_data["next"]})
    if language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, YEAR, samesite="Lax")
    if theme:
        response.set_cookie("theme", theme, YEAR, samesite="Lax")
    return response


def styleguide(request: HttpRequest) -> HttpResponse:
    """Every part that pages are made of; for those who build pages."""
    if settings.COOP_PUBLIC and not is_steward(request.user):
        raise Http404
    form = SampleForm(request.POST or None)
    start = dt.date(2026, 6, 1)
    points = [
        (str((start + dt.timedelta(days=n)).day), 4000 + 300 * (n % 7), 900 * (n > 24))
        for n in range(30)
    ]
    context = {"form": form, "points": points, "today": start, "now": timezone.now()}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "coop/styleguide.html", context, status=status)


@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look that read no page first."""
    return redirect(static("img/favicon.svg"))
