"""The stewards' pages of a whole close, and of the period that comes."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from tokens import services, tasks
from tokens.access import period_or_404
from tokens.closing_forms import WholeForm
from tokens.coming import coming_period
from tokens.models import Period
from tokens.progress import progress_of
from tokens.services import Preview
from tokens.views import back


@require_GET
@steward_required
def coming(request: HttpRequest) -> HttpResponse:
    """What the next period would open with, line by line."""
    return render(request, "tokens/coming.html", {"coming": coming_period()})


@require_http_methods(["GET", "POST"])
@steward_required
def whole(request: HttpRequest, code: str) -> HttpResponse:
    """Order what is left of a close; everything that it would book can be seen before."""
    period = period_or_404(code)
    progress = progress_of(period)
    if not progress.upcoming or progress.is_running:
        return back("tokens:close", code=code)
    sent = request.POST if request.method == "POST" else None
    form = WholeForm(period, progress.upcoming, period.end <= timezone.now(), sent)
    valid = form.is_bound and form.is_valid()
    if valid and "start" in request.POST and _start(request, form, period):
        return back("tokens:close", code=code)
    preview = _preview(request, form, period) if valid and "look" in request.POST else None
    context = {"period": period, "form": form, "progress": progress, "preview": preview}
    return render(request, "tokens/whole.html", context, status=422 if form.errors else 200)


def _start(request: HttpRequest, form: WholeForm, period: Period) -> bool:
    try:
        run = services.start_close(period_id=period.pk, actor=the_user(request), **form.told())
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    tasks.hint_close(run.pk)
    messages.success(request, _("The close has begun. You can leave this page: it goes on."))
    return True


def _preview(
    request: HttpRequest, form: WholeForm, period: Period
) -> list[tuple[str, Preview]] | None:
    told: dict[str, Any] = form.told()
    try:
        return services.preview_close(period_id=period.pk, actor=the_user(request), **told)
    except DomainError as error:
        form.add_error(None, str(error))
        return None
