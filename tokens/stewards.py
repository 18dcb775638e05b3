"""The stewards' pages: periods, and the guided close."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from ledger.errors import DomainError
from members.access import steward_required, the_user
from payments.models import Charge
from tokens import queries, services
from tokens.access import period_or_404
from tokens.calendar import month_start, next_code, next_end
from tokens.forms import StepForm
from tokens.models import Period
from tokens.progress import Progress, progress_of
from tokens.services.close import booked
from tokens.views import back
from tokens.waits import require_nothing_awaited


@require_GET
@steward_required
def periods(request: HttpRequest) -> HttpResponse:
    """Every period, and what the running one waits for."""
    rows = queries.periods()
    running = queries.current_period()
    return render(request, "tokens/periods.html", {"periods": rows, "running": running})


@require_POST
@steward_required
def open_first(request: HttpRequest) -> HttpResponse:
    """Open the period of this month, where none is running."""
    last, user = queries.periods().first(), the_user(request)
    start = month_start(timezone.now())
    try:
        if last is not None:
            services.run_step(period_id=last.pk, step="open", actor=user)
        else:
            services.open_period(
                start=start, end=next_end(start), code=next_code(start), actor=user
            )
    except DomainError as error:
        messages.error(request, str(error))
    return back("tokens:periods")


@require_GET
@steward_required
@vary_on_headers("HX-Request")
def close(request: HttpRequest, code: str) -> HttpResponse:
    """The steps of a period's close, and the run that does them; htmx asks for these alone."""
    period = period_or_404(code)
    progress = progress_of(period)
    if request.headers.get("HX-Request") == "true":
        return _progress_alone(request, period, progress)
    charges = Charge.objects.filter(about=f"period:{code}").select_related("member")
    context = {
        "period": period,
        "progress": progress,
        "yields": queries.yields_of(period),
        "open_charges": charges.filter(state=Charge.State.OPEN),
        "paid_charges": charges.filter(state=Charge.State.PAID),
    }
    return render(request, "tokens/close.html", context)


def _progress_alone(request: HttpRequest, period: Period, progress: Progress) -> HttpResponse:
    """The steps alone; when the run is over the browser is told to read the whole page again."""
    context = {"period": period, "progress": progress}
    response = render(request, "tokens/progress.html", context)
    if not progress.is_running:
        response["HX-Refresh"] = "true"
    return response


@require_http_methods(["GET", "POST"])
@steward_required
def step(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """One step: what it would book, and the button that books it."""
    period = period_or_404(code)
    if name not in services.STEPS:
        raise Http404
    done = period.close_steps.filter(name=name).first()
    if done is not None:
        context = {"period": period, "name": name, "booked": booked(done.transactions)}
        return render(request, "tokens/step.html", {**context, "done": done})
    sent = request.POST if request.method == "POST" else None
    form = StepForm(period, name, period.end <= timezone.now(), sent)
    valid = request.method == "POST" and form.is_valid()
    if valid and "book" in request.POST and _run(request, form, period, name):
        messages.success(request, _("Booked."))
        return back("tokens:close", code=code)
    preview = _preview(request, form, period, name) if valid or not form.rows else None
    context = {"period": period, "name": name, "form": form, "preview": preview}
    return render(request, "tokens/step.html", context, status=422 if form.errors else 200)


def _run(request: HttpRequest, form: StepForm, period: Period, name: str) -> bool:
    try:
        if name == services.STEPS[0] and not form.cleaned_data.get("early", False):
            require_nothing_awaited(period, timezone.now())
        services.run_step(
            period_id=period.pk,
            step=name,
            actor=the_user(request),
            early=form.cleaned_data.get("early", False),
            actual=form.actual(),
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _preview(
    request: HttpRequest, form: StepForm, period: Period, name: str
) -> services.Preview | None:
    if form.errors:
        return None
    bound = form.is_bound
    try:
        return services.preview_step(
            period_id=period.pk,
            step=name,
            actor=the_user(request),
            early=bound and form.cleaned_data.get("early", False),
            actual=form.actual() if bound else {},
        )
    except DomainError as error:
        if bound:
            form.add_error(None, str(error))
        else:
            messages.error(request, str(error))
        return None
