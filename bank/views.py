"""The bank desk: statements in, lines by what became of them, decisions, the bank and the books."""

from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bank import queries, services
from bank.access import desk_required, line_or_404, may_decide, reader_required
from bank.choices import choices_for
from bank.forms import DecisionForm, ShapeForm, UndoForm, UploadForm
from bank.models import BankFile, Decision, Line, Statement, TableShape
from bank.services.undoing import latest_of
from members.access import the_user
from payments.pages.acting import done, onward

PAGE = 50
RECENT = 8
AT_ONCE = 3
"""chunks of lines that are looked at before the page comes; the rest follows by itself"""


@require_GET
@reader_required
def desk(request: HttpRequest) -> HttpResponse:
    """What the bank says and what waits."""
    context = {
        "found": queries.reconciled(),
        "counts": queries.counts(),
        "waiting": queries.waiting_lines()[:RECENT],
        "waiting_number": queries.waiting_lines().count(),
        "files": queries.files()[:RECENT],
        "may_decide": may_decide(request.user),
    }
    return render(request, "bank/desk.html", context)


@require_http_methods(["GET", "POST"])
@desk_required
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, import it whole, look at its first lines."""
    form = UploadForm(request.POST or None, request.FILES or None)
    made: list[BankFile] = []
    asked_at = timezone.now()

    def take() -> None:
        given = form.cleaned_data["file"]
        made.append(
            services.import_file(
                data=given.read(),
                name=given.name or "",
                shape=form.cleaned_data["shape"],
                actor=the_user(request),
            )
        )

    if request.method == "POST" and done(form, take):
        _look(request)
        if made[0].imported_at < asked_at:
            messages.info(request, _("This file was imported before; nothing was changed."))
        return HttpResponseRedirect(reverse("bank:file", args=[made[0].pk]), status=303)
    context = {"form": form, "shapes": TableShape.objects.order_by("name")}
    return render(request, "bank/upload.html", context, status=422 if form.errors else 200)


@require_GET
@reader_required
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """What a file brought, and what became of its lines."""
    found = get_object_or_404(BankFile.objects.select_related("imported_by"), pk=file_id)
    statements = list(queries.statements().filter(file=found))
    context = {
        "file": found,
        "statements": statements,
        "counts": queries.counts_of([statement.pk for statement in statements]),
        "left": Line.objects.filter(state=Line.State.NEW).count(),
        "may_decide": may_decide(request.user),
    }
    return render(request, "bank/file.html", context)


@require_POST
@desk_required
def look(request: HttpRequest) -> HttpResponse:
    """Look at lines that nobody looked at yet."""
    _look(request)
    wanted = request.POST.get("file", "")
    known = wanted.isdecimal() and len(wanted) < 16 and BankFile.objects.filter(pk=wanted).exists()
    url = reverse("bank:file", args=[wanted]) if known else reverse("bank:desk")
    return HttpResponseRedirect(url, status=303)


@require_GET
@reader_required
def statements(request: HttpRequest) -> HttpResponse:
    """Every statement that came in."""
    page = Paginator(queries.statements(), PAGE).get_page(request.GET.get("page"))
    return render(request, "bank/statements.html", {"page": page})


@require_GET
@reader_required
def lines(request: HttpRequest) -> HttpResponse:
    """Lines by state, statement and text."""
    state, text = request.GET.get("state", "waiting"), request.GET.get("q", "").strip()[:80]
    given = request.GET.get("statement", "")
    statement = int(given) if given.isdecimal() and len(given) < 16 else None
    found = queries.lines("" if state == "all" else state, statement, text)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "counts": queries.counts(statement),
        "state": state,
        "wanted": text,
        "statement": Statement.objects.filter(pk=statement or 0).first(),
    }
    return render(request, "bank/lines.html", context)


@require_GET
@reader_required
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """One line: what the bank says, what can be done, what was done."""
    found = line_or_404(line_id)
    context = {
        "line": found,
        "payer": queries.payer_of(found),
        "history": queries.history_of(found),
        "latest": latest_of(found),
        "by_hand": queries.marked_by_hand(found),
        "choices": choices_for(found) if may_decide(request.user) else [],
        "may_decide": may_decide(request.user),
    }
    return render(request, "bank/line.html", context)


@require_http_methods(["GET", "POST"])
@desk_required
def decide(request: HttpRequest, line_id: int, kind: str) -> HttpResponse:
    """One decision about a line: what it will book, and booking it."""
    found = line_or_404(line_id)
    choice = next((one for one in choices_for(found) if one.kind == kind), None)
    if choice is None and request.method == "GET":
        raise Http404
    form = DecisionForm(kind, found, request.POST or None, initial={"key": uuid4()})

    def carry_out() -> None:
        services.decide(
            line_id=found.pk,
            wish=form.wish(),
            actor=the_user(request),
            key=f"{form.cleaned_data['key']}",
        )

    if request.method == "POST" and done(form, carry_out):
        url = reverse("bank:line", args=[found.pk])
        return onward(request, url, _("Decided. It stands in the history of the line."))
    context = {"line": found, "choice": choice, "form": form}
    return render(request, "bank/decide.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@desk_required
def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision back by booking its opposite."""
    decision = get_object_or_404(Decision.objects.select_related("line"), pk=decision_id)
    form = UndoForm(request.POST or None, initial={"key": uuid4()})

    def take_back() -> None:
        services.undo(
            decision_id=decision.pk,
            reason=form.cleaned_data["reason"],
            actor=the_user(request),
            key=f"{form.cleaned_data['key']}",
        )

    if request.method == "POST" and done(form, take_back):
        url = reverse("bank:line", args=[decision.line_id])
        return onward(request, url, _("Taken back. The line waits for a decision again."))
    context = {"decision": decision, "line": decision.line, "form": form}
    return render(request, "bank/undo.html", context, status=422 if form.errors else 200)


@require_GET
@reader_required
def reconciliation(request: HttpRequest) -> HttpResponse:
    """What the bank says, what the books hold, and where the difference comes from."""
    context = {"found": queries.reconciled(), "sources": queries.by_source()}
    return render(request, "bank/reconciliation.html", context)


@require_http_methods(["GET", "POST"])
@desk_required
def shape(request: HttpRequest, shape_id: int | None = None) -> HttpResponse:
    """How a bank's table is read: a new description, or a change of one."""
    known = get_object_or_404(TableShape, pk=shape_id) if shape_id else None
    first = {**known.columns, "name": known.name} if known else None
    form = ShapeForm(request.POST or None, initial=first)

    def keep() -> None:
        services.keep_shape(
            name=form.cleaned_data["name"], columns=form.columns(), actor=the_user(request)
        )

    if request.method == "POST" and done(form, keep):
        return onward(request, reverse("bank:upload"), _("Kept. Choose it when you import."))
    context = {"form": form, "shape": known}
    return render(request, "bank/shape.html", context, status=422 if form.errors else 200)


def _look(request: HttpRequest) -> None:
    for _chunk in range(AT_ONCE):
        if not services.match_lines(actor=the_user(request)):
            return
