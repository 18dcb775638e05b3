"""Pages on which members answer delivery notes and see what nodes answered for their data."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import member_required, steward_required, the_member, the_user
from members.identity.forms import SignedForm
from members.identity.pages import draft_context
from metering import services
from metering.links.forms import ChallengesForm, NoteForm
from metering.models import DeliveryNote, MeterAssignment, StorageChallenge
from metering.notes.queries import assignments_to_ask, challenges_of, notes_of, storing
from metering.stewards import see

PER_PAGE = 50


@require_GET
@member_required
def notes(request: HttpRequest) -> HttpResponse:
    """What a member is to confirm, and what they answered."""
    rows = notes_of(the_member(request))
    page = Paginator(rows.exclude(state="open"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"open": rows.filter(state="open"), "page": page}
    return render(request, "metering/notes.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def note(request: HttpRequest, note_id: int) -> HttpResponse:
    """One note: accept it, or say what is wrong."""
    row = note_or_404(request, note_id)
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and answered(request, row, form):
        messages.success(request, _("Noted."))
        return see("links:notes")
    context = {"note": row, "form": form}
    return render(request, "metering/note.html", context, status=422 if form.errors else 200)


def note_or_404(request: HttpRequest, note_id: int) -> DeliveryNote:
    """One of the member's own notes."""
    found = notes_of(the_member(request)).filter(pk=note_id).first()
    if found is None:
        raise Http404
    return found


def answered(request: HttpRequest, row: DeliveryNote, form: NoteForm, envelope: Any = None) -> bool:
    """Whether the answer was taken; else the reason stands on the form."""
    try:
        services.answer_note(
            note_id=row.pk,
            accepts=form.cleaned_data["answer"] == "accept",
            reason=form.cleaned_data["reason"],
            actor=the_user(request),
            envelope=envelope,
        )
    except DomainError as error:
        form.add_error("reason" if error.code == "reason_missing" else None, str(error))
        return False
    return True


@require_http_methods(["GET", "POST"])
@member_required
def sign(request: HttpRequest, note_id: int) -> HttpResponse:
    """What to sign to answer a note with a key of one's own; then take what was signed."""
    row = note_or_404(request, note_id)
    asked, form = NoteForm(request.GET or None), SignedForm(request.POST or None)
    context: dict[str, Any] = {"note": row, "asked": asked, "form": form}
    if asked.is_valid():
        accepts = asked.cleaned_data["answer"] == "accept"
        drafted = services.draft_answer(
            note=row, accepts=accepts, reason=asked.cleaned_data["reason"]
        )
        context |= draft_context(drafted)
        if form.is_valid() and answered(request, row, asked, form.cleaned_data["envelope"]):
            messages.success(request, _("Noted, with your signature."))
            return see("links:notes")
    status = 422 if asked.errors or form.errors else 200
    return render(request, "metering/note_sign.html", context, status=status)


@require_GET
@steward_required
def countersigned(request: HttpRequest) -> HttpResponse:
    """Whose use is put before them each day; a steward turns it on and off."""
    return render(request, "metering/countersigned.html", {"assignments": assignments_to_ask()})


@require_POST
@steward_required
def countersign(request: HttpRequest, assignment_id: int) -> HttpResponse:
    """Ask the member each day from now on, or no more."""
    row = get_object_or_404(MeterAssignment, pk=assignment_id)
    if "end" in request.POST:
        services.end_countersigning(actor=the_user(request), assignment=row)
        messages.success(request, _("Ended. Notes that are open stay so until answered."))
    else:
        services.countersign_assignment(actor=the_user(request), assignment=row)
        messages.success(request, _("From now on the member is asked each day."))
    return see("links:countersigned")


@require_http_methods(["GET", "POST"])
@member_required
def challenges(request: HttpRequest) -> HttpResponse:
    """Bring challenges for what one stores; see what nodes answered."""
    member = the_member(request)
    form = ChallengesForm(storing(member), request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and brought(request, form):
        return see("links:challenges")
    rows = challenges_of(member)
    page = Paginator(rows.exclude(state="waiting"), PER_PAGE).get_page(request.GET.get("page"))
    waiting = StorageChallenge.objects.filter(pk__in=rows.filter(state="waiting")).count()
    context = {"form": form, "page": page, "waiting": waiting, "stores": storing(member).exists()}
    return render(request, "metering/challenges.html", context, status=422 if form.errors else 200)


def brought(request: HttpRequest, form: ChallengesForm) -> bool:
    """Whether the file was taken; else the reason stands on the form."""
    try:
        new = services.upload_challenges(
            actor=the_user(request),
            assignment=form.cleaned_data["assignment"],
            prepared=form.cleaned_data["file"],
        )
    except (DomainError, ValidationError) as error:
        form.add_error(None, str(error))
        return False
    words = ngettext("%(n)s new challenge is kept.", "%(n)s new challenges are kept.", new)
    messages.success(request, words % {"n": new})
    return True
