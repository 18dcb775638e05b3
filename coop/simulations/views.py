"""The stewards' pages on simulations: begin, change, follow, read, compare, forget."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from coop.models import SimulationRun
from coop.scenarios.parse import parse
from coop.simulations import queries, services
from coop.simulations.changes import from_json
from coop.simulations.errors import BadScenario, TextTooLong
from coop.simulations.forms import ChangesForm, ComparisonForm, TextForm, first_values
from coop.simulations.library import STORIES
from coop.simulations.picture import page_of
from coop.simulations.running import TOOK_TOO_LONG
from ledger.errors import DomainError
from members.access import auditor_required, steward_required, the_user
from members.queries import is_steward
from payments.forms import fresh_key
from payments.pages.acting import done, onward

PAGE = 20
State = SimulationRun.State


@require_GET
@auditor_required
def index(request: HttpRequest) -> HttpResponse:
    """Where to begin, and every run."""
    context = {
        "stories": STORIES,
        "page": Paginator(queries.runs(), PAGE).get_page(request.GET.get("page")),
        "comparable": queries.finished().count() > 1,
        "may_act": is_steward(request.user),
        "key": fresh_key(),
    }
    return render(request, "coop/simulation/index.html", context)


@require_POST
@steward_required
def begin(request: HttpRequest) -> HttpResponse:
    """A draft from today's state or from a ready-made scenario."""
    source, key = request.POST.get("source", ""), request.POST.get("key", "")[:60]
    try:
        run = services.begin(source=source, actor=the_user(request), key=key or fresh_key())
    except DomainError as error:
        return sorry(request, error)
    return to_run(run.pk)


@require_http_methods(["GET", "POST"])
@steward_required
def new(request: HttpRequest) -> HttpResponse:
    """A draft from a text that is pasted or uploaded."""
    form = TextForm(request.POST or None, request.FILES or None)
    made: list[SimulationRun] = []
    if request.method == "POST" and done(form, lambda: made.extend(taken(form, request))):
        return to_run(made[0].pk)
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "coop/simulation/new.html", context, status=status)


def taken(form: TextForm, request: HttpRequest) -> list[SimulationRun]:
    """The draft of a text; what is wrong with the text stands at its field."""
    values = form.cleaned_data
    try:
        return [
            services.begin(
                source="text",
                text=values["text"].replace("\r\n", "\n"),
                name=values["name"],
                actor=the_user(request),
                key=values["key"],
            )
        ]
    except (BadScenario, TextTooLong) as error:
        form.add_error("file" if values.get("file") else "text", str(error))
        return []


@require_http_methods(["GET", "POST"])
@auditor_required
@vary_on_headers("HX-Request")
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: what is changed in it, how far it is, or what came of it."""
    found = get_object_or_404(SimulationRun, pk=run_id)
    if found.state == State.DRAFT or request.method == "POST":
        return draft(request, found)
    if getattr(request, "htmx", False):
        return progress(request, found)
    context: dict[str, Any] = {"run": found, **facts(request, found)}
    if found.state == State.DONE:
        context |= page_of([queries.numbers_in(found)], request.GET.get("member", "")[:100])
        context["others"] = queries.finished().exclude(pk=found.pk)[:PAGE]
    return render(request, "coop/simulation/run.html", context)


def progress(request: HttpRequest, found: SimulationRun) -> HttpResponse:
    """How far it is, for a page that looks again and again; the whole page where it ended."""
    response = render(
        request, "coop/simulation/progress.html", {"run": found, **facts(request, found)}
    )
    if found.state not in services.UNDER_WAY:
        response.headers["HX-Refresh"] = "true"
    return response


def facts(request: HttpRequest, found: SimulationRun) -> dict[str, Any]:
    """What every page of a run shows."""
    return {
        "may_act": is_steward(request.user),
        "under_way": found.state in services.UNDER_WAY,
        "can_go_again": found.state in services.CAN_GO_AGAIN,
        "took_too_long": found.error == TOOK_TOO_LONG,
        "key": fresh_key(),
    }


@steward_required
def draft(request: HttpRequest, found: SimulationRun) -> HttpResponse:
    """Change what a draft says, and send it off."""
    scenario = parse(found.text)
    first = first_values(found, scenario, from_json(found.changes))
    form = ChangesForm(found, scenario, request.POST or None, initial=first)

    def send_off() -> None:
        services.queue(
            run_id=found.pk,
            name=form.cleaned_data["name"],
            changes=form.changes(),
            actor=the_user(request),
        )

    if request.method == "POST" and done(form, send_off):
        return to_run(found.pk)
    context = {"run": found, "form": form, "scenario": scenario}
    status = 422 if form.errors else 200
    return render(request, "coop/simulation/draft.html", context, status=status)


@require_POST
@steward_required
def act(request: HttpRequest, run_id: int, verb: str) -> HttpResponse:
    """Stop a run, run it again, or make a changed copy of it."""
    get_object_or_404(SimulationRun, pk=run_id)
    actor, key = the_user(request), request.POST.get("key", "")[:60] or fresh_key()
    try:
        if verb == "vary":
            return to_run(services.vary(run_id=run_id, actor=actor, key=key).pk)
        (services.stop if verb == "stop" else services.run_again)(run_id=run_id, actor=actor)
    except DomainError as error:
        return sorry(request, error, reverse("simulation:run", args=[run_id]))
    return to_run(run_id)


@require_http_methods(["GET", "POST"])
@steward_required
def delete(request: HttpRequest, run_id: int) -> HttpResponse:
    """Say what goes, and let it go."""
    found = get_object_or_404(SimulationRun.objects.defer("result"), pk=run_id)
    if request.method == "GET":
        return render(request, "coop/simulation/delete.html", {"run": found})
    try:
        services.delete(run_id=found.pk, actor=the_user(request))
    except DomainError as error:
        return sorry(request, error, reverse("simulation:run", args=[run_id]))
    return onward(request, reverse("simulation:index"), _("Deleted."))


@require_GET
@auditor_required
def compare(request: HttpRequest) -> HttpResponse:
    """Two finished runs beside each other."""
    form = ComparisonForm(request.GET if "a" in request.GET or "b" in request.GET else None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        pair = [form.cleaned_data["a"], form.cleaned_data["b"]]
        context["pair"] = list(zip(("A", "B"), pair, strict=True))
        numbers = [queries.numbers_in(one) for one in pair]
        context |= page_of(numbers, form.cleaned_data["member"])
    status = 422 if form.errors else 200
    return render(request, "coop/simulation/compare.html", context, status=status)


@require_GET
@auditor_required
def result(request: HttpRequest, run_id: int) -> HttpResponse:
    """What `simulate --json` would print, as a file."""
    found = get_object_or_404(SimulationRun, pk=run_id, state=State.DONE)
    response = JsonResponse(found.result, json_dumps_params={"indent": 1})
    return as_file(response, f"simulation-{run_id}.json")


@require_GET
@auditor_required
def text(request: HttpRequest, run_id: int) -> HttpResponse:
    """The file that `simulate` plays to the same result."""
    found = get_object_or_404(SimulationRun.objects.defer("result"), pk=run_id)
    response = HttpResponse(services.played_text(found), content_type="application/toml")
    return as_file(response, f"simulation-{run_id}.toml")


def as_file(response: HttpResponse, name: str) -> HttpResponse:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def to_run(run_id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("simulation:run", args=[run_id]), status=303)


def sorry(request: HttpRequest, error: DomainError, back: str = "") -> HttpResponse:
    """A refusal as a page of its own, with the way back."""
    context = {"error": str(error), "back": back or reverse("simulation:index")}
    return render(request, "coop/simulation/refused.html", context, status=error.status)
