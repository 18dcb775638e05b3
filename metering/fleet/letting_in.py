"""Letting a node in: the command for the box, its code, its words, and who agrees."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members.access import member_required, steward_required, the_user
from metering import services
from metering.errors import NoSuchCode
from metering.fleet import asking
from metering.fleet.enrol_forms import LetInForm, RequestFileForm
from metering.fleet.sight import Sight, sight_of
from metering.forms import CodeForm
from metering.models import EnrolmentRequest
from metering.services.claims import is_shared, may_agree
from metering.stewards import see
from signing.errors import SigningError
from signing.words import fingerprint_words

State = EnrolmentRequest.State


@require_http_methods(["GET", "POST"])
@member_required
def enrol(request: HttpRequest) -> HttpResponse:
    """What to type on the machine, and the code that it then shows."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if asking.with_code(code) is not None:
            return see("metering:review", code=code)
        form.add_error("code", str(NoSuchCode()))
    return show(request, form, RequestFileForm())


@require_POST
@member_required
def offline(request: HttpRequest) -> HttpResponse:
    """Take a node's request from a file; the code to let it in with is shown here."""
    form = RequestFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            codes = services.enrol_from_file(raw=form.cleaned_data["file"])
            return see("metering:review", code=codes.user_code)
        except (DomainError, SigningError):
            form.add_error("file", _("This is no request that a node has signed."))
    return show(request, CodeForm(), form)


def show(request: HttpRequest, form: CodeForm, file_form: RequestFileForm) -> HttpResponse:
    """The page with both ways in."""
    sight = sight_of(request.user)
    context = {
        "form": form,
        "file_form": file_form,
        "may_deny": sight.steward,
        "requests": asking.pending() if sight.steward else [],
        "claimed": asking.claimed_for(request.user, sight),
        **asking.commands(request),
    }
    status = 422 if form.errors or file_form.errors else 200
    return render(request, "metering/enrol.html", context, status=status)


@require_http_methods(["GET", "POST"])
@member_required
def review(request: HttpRequest, code: str) -> HttpResponse:
    """Compare the words of the key, say where the node belongs, let it in or turn it away."""
    row, sight = asking.with_code(code), sight_of(request.user)
    if row is None:
        raise Http404
    form = form_for(row, sight, request.POST if request.method == "POST" else None)
    if request.method == "POST" and "deny" in request.POST:
        return turned_away(request, code)
    if request.method == "POST" and is_settled(request, row, form):
        return see("metering:review", code=code)
    words = fingerprint_words(bytes(row.public_key)).split("-")
    context = {"asking": row, "form": form, "words": words, "sight": sight}
    context["may_agree"] = may_agree(the_user(request), row)
    return render(request, "metering/review.html", context, status=422 if form.errors else 200)


def form_for(row: EnrolmentRequest, sight: Sight, sent: QueryDict | None) -> Form:
    """What is asked: where the node belongs, or nothing more than to agree."""
    if row.state == State.PENDING:
        return LetInForm(sight, sent, initial={"label": row.hostname[:80]})
    return Form(sent)


def turned_away(request: HttpRequest, code: str) -> HttpResponse:
    """Whoever has the code may turn the node away: it is what the machine shows."""
    services.deny_enrolment(actor=the_user(request), user_code=code)
    messages.success(request, _("The node was turned away."))
    return see("metering:nodes")


def is_settled(request: HttpRequest, row: EnrolmentRequest, form: Form) -> bool:
    """Claim, agree or let in; what speaks against it stands on the form."""
    if not form.is_valid():
        return False
    try:
        if row.state == State.CLAIMED:
            services.agree_enrolment(actor=the_user(request), user_code=row.user_code)
        elif row.state == State.PENDING:
            let_in(request, row.user_code, dict(form.cleaned_data))
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def let_in(request: HttpRequest, code: str, said: dict[str, Any]) -> None:
    """For an asset by its owners; without one by a steward."""
    actor, sight = the_user(request), sight_of(request.user)
    asset, replace = said.pop("asset"), said.pop("replace")
    if asset is None:
        if not sight.steward:
            raise PermissionDenied
        services.approve_enrolment(actor=actor, user_code=code, **said)
        return
    owner = said.get("owner") if sight.steward else sight.member
    services.claim_enrolment(
        actor=actor, user_code=code, label=said["label"], asset=asset, owner=owner, replace=replace
    )
    if is_shared(asset):
        messages.info(request, _("Noted. A second owner of the asset has to agree."))


@require_POST
@steward_required
def deny(request: HttpRequest, number: int) -> HttpResponse:
    """Turn a node away without its code."""
    row = asking.pending().filter(pk=number).first()
    if row is None:
        raise Http404
    return turned_away(request, row.user_code)


@require_GET
@member_required
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """The signed answer for a node without a connection; it holds nothing secret."""
    try:
        content = services.answer_to_file(user_code=code)
    except DomainError as error:
        raise Http404 from error
    headers = {"Content-Disposition": 'attachment; filename="enrolled.json"'}
    return HttpResponse(content, content_type="application/json", headers=headers)
