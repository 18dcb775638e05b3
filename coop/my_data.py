"""My data: to take away, and to have erased; and the stewards' side of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coop.privacy import erase, open_matters
from coop.takeaway import archive_of
from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.identity.forms import RefusedErasureForm
from members.identity.queries import erasure_waiting, last_request
from members.models import ErasureRequest, Member
from members.queries import member_of
from members.services.erasure import (
    ENDED,
    ask_erasure,
    kept_until,
    refuse_erasure,
    take_back_erasure,
)

PAGE = "members/identity/my_data.html"


@require_GET
@login_required
def my_data(request: HttpRequest) -> HttpResponse:
    """What is held on me: download it, or ask for its erasure."""
    return render(request, PAGE, _context(_me(request)))


@require_GET
@login_required
def download(request: HttpRequest) -> HttpResponse:
    """Everything, as a ZIP."""
    member = _me(request)
    name = f"my-data-{timezone.localdate().isoformat()}.zip"
    response = HttpResponse(archive_of(member), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask to be forgotten."""
    member = _me(request)
    try:
        ask_erasure(member_id=member.pk, actor=the_user(request))
    except DomainError as error:
        return render(request, PAGE, _context(member) | {"error": error}, status=422)
    messages.success(request, _("Your request is with the stewards."))
    return See(reverse("my_data"))


@require_POST
@login_required
def take_back(request: HttpRequest) -> HttpResponse:
    """Stay as one is."""
    member = _me(request)
    try:
        take_back_erasure(member_id=member.pk, actor=the_user(request))
    except DomainError as error:
        return render(request, PAGE, _context(member) | {"error": error}, status=422)
    messages.success(request, _("Your request was taken back."))
    return See(reverse("my_data"))


@require_GET
@steward_required
def requests(request: HttpRequest) -> HttpResponse:
    """Who asks to be forgotten."""
    return render(request, "members/identity/erasures.html", {"waiting": erasure_waiting()})


@require_http_methods(["GET", "POST"])
@steward_required
def carry_out(request: HttpRequest, request_id: int) -> HttpResponse:
    """What erasing this person does; then do it."""
    asked = get_object_or_404(ErasureRequest.objects.select_related("member"), pk=request_id)
    context = {"asked": asked, **_standing(asked.member)}
    if request.method == "GET":
        return render(request, "members/identity/erase.html", context)
    try:
        erase(request_id=asked.pk, actor=the_user(request))
    except DomainError as error:
        context["error"] = error
        return render(request, "members/identity/erase.html", context, status=422)
    messages.success(request, _("The person was erased. The books stay as they are."))
    return See(reverse("erasures"))


@require_http_methods(["GET", "POST"])
@steward_required
def refuse(request: HttpRequest, request_id: int) -> HttpResponse:
    """Refuse a request, with the reason that the person reads."""
    asked = get_object_or_404(ErasureRequest.objects.select_related("member"), pk=request_id)
    form = RefusedErasureForm(request.POST or None)
    if request.method == "POST" and _refused(request, asked, form):
        messages.success(request, _("The request was refused."))
        return See(reverse("erasures"))
    context = {"asked": asked, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "members/identity/refuse_erasure.html", context, status=status)


class See(HttpResponseRedirect):
    """303: the answer to a POST stands elsewhere."""

    status_code = 303


def _me(request: HttpRequest) -> Member:
    """Whoever stands on the register, also after leaving; raises PermissionDenied for others."""
    member = member_of(request.user)
    if member is None:
        raise PermissionDenied
    return member


def _context(member: Member) -> dict[str, object]:
    return {"member": member, "last": last_request(member), **_standing(member)}


def _standing(member: Member) -> dict[str, object]:
    """Whether the membership ended, until when the name is kept, and what is open."""
    ended = member.state in ENDED
    until = kept_until(member) if ended else None
    return {
        "has_ended": ended,
        "kept_until": until if until and until > timezone.localdate() else None,
        "matters": open_matters(member) if ended else [],
    }


def _refused(request: HttpRequest, asked: ErasureRequest, form: RefusedErasureForm) -> bool:
    answer = form.data.get("answer", "")
    try:
        if form.is_valid():
            refuse_erasure(request_id=asked.pk, answer=answer, actor=the_user(request))
    except DomainError as error:
        form.add_error(None, str(error))
    return form.is_valid()
