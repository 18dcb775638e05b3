"""My keys and vouching: pages that draft what is to be signed, and take what was signed."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from members import services
from members.access import member_required, steward_required, the_member, the_user
from members.identity import pages
from members.identity.forms import DaysForm, EndForm, KeyForm, SignedForm, WhomForm
from members.identity.queries import current_key
from members.identity.statements import ROTATION, Draft
from members.models import Member, Vouch


@require_GET
@member_required
def keys(request: HttpRequest) -> HttpResponse:
    """My key, the ones I had, and the way to another."""
    context = pages.keys_context(the_member(request)) | {"form": KeyForm()}
    return render(request, "members/identity/keys.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def new_key(request: HttpRequest) -> HttpResponse:
    """What to sign for a new key; then take what was signed."""
    member = the_member(request)
    asked = KeyForm(request.GET)
    draft = _drafted(asked, lambda: pages.key_draft(member, asked.cleaned_data["public_key"]))
    if draft is None:
        context = pages.keys_context(member) | {"form": asked}
        return render(request, "members/identity/keys.html", context, status=422)
    form = SignedForm(request.POST or None)
    if form.is_valid() and _done(form, lambda: _take_key(member, form, request)):
        messages.success(request, _("This is your key now."))
        return See(reverse("members:keys"))
    context = {"form": form, "asked": asked, **pages.draft_context(draft)}
    status = 422 if form.errors else 200
    return render(request, "members/identity/new_key.html", context, status=status)


@require_GET
@member_required
def key_statement(request: HttpRequest) -> HttpResponse:
    """The statement for a new key as a file."""
    member, form = the_member(request), KeyForm(request.GET)
    draft = _drafted(form, lambda: pages.key_draft(member, form.cleaned_data["public_key"]))
    return _file(draft, "key-statement.json")


@require_http_methods(["GET", "POST"])
@member_required
def end_key(request: HttpRequest) -> HttpResponse:
    """End one's own key."""
    member = the_member(request)
    return _end(request, member, reverse("members:keys"), _("Your key has ended."))


@require_http_methods(["GET", "POST"])
@steward_required
def end_key_of(request: HttpRequest, member_id: int) -> HttpResponse:
    """End the key of a member who lost it and asked for this."""
    member = get_object_or_404(Member, pk=member_id, number__isnull=False)
    done = _("The key of %(name)s has ended.") % {"name": member.name}
    return _end(request, member, reverse("members:register"), done)


@require_GET
@member_required
def vouching(request: HttpRequest) -> HttpResponse:
    """Who vouches for me, for whom I vouch, and the way to somebody else."""
    form = WhomForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        return See(reverse("members:vouching_to", args=[form.cleaned_data["number"]]))
    context = pages.vouching_context(the_member(request)) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "members/identity/vouching.html", context, status=status)


@require_GET
@member_required
def vouching_to(request: HttpRequest, number: int) -> HttpResponse:
    """Who vouches for whom, from me to somebody."""
    them = get_object_or_404(Member, number=number)
    context = pages.path_context(the_member(request), them) | {"form": DaysForm()}
    return render(request, "members/identity/from_me_to.html", context)


@require_http_methods(["GET", "POST"])
@member_required
def vouch(request: HttpRequest, number: int) -> HttpResponse:
    """What to sign to vouch for somebody; then take what was signed."""
    me, them = the_member(request), get_object_or_404(Member, number=number)
    asked = DaysForm(request.GET)
    draft = _drafted(asked, lambda: pages.vouch_draft(me, them, asked.cleaned_data["days"]))
    if draft is None:
        context = pages.path_context(me, them) | {"form": asked}
        return render(request, "members/identity/from_me_to.html", context, status=422)
    form = SignedForm(request.POST or None)
    if form.is_valid() and _done(form, lambda: _take_vouch(me, form, request)):
        messages.success(request, _("You vouch for the key of %(name)s.") % {"name": them.name})
        return See(reverse("members:vouching"))
    context = {"form": form, "asked": asked, "them": them, **pages.draft_context(draft)}
    return render(
        request, "members/identity/vouch.html", context, status=422 if form.errors else 200
    )


@require_GET
@member_required
def vouch_statement(request: HttpRequest, number: int) -> HttpResponse:
    """The statement for a vouch as a file."""
    me, them, form = (
        the_member(request),
        get_object_or_404(Member, number=number),
        DaysForm(request.GET),
    )
    draft = _drafted(form, lambda: pages.vouch_draft(me, them, form.cleaned_data["days"]))
    return _file(draft, f"vouch-for-{number}.json")


@require_POST
@member_required
def withdraw(request: HttpRequest, vouch_id: int) -> HttpResponse:
    """Take back a word that I gave."""
    mine = get_object_or_404(Vouch, pk=vouch_id, voucher=the_member(request))
    services.withdraw_vouch(vouch_id=mine.pk, actor=the_user(request))
    messages.success(request, _("You no longer vouch for this key."))
    return See(reverse("members:vouching"))


class See(HttpResponseRedirect):
    """303: the answer to a POST stands elsewhere."""

    status_code = 303


def _end(request: HttpRequest, member: Member, after: str, said: str) -> HttpResponse:
    form = EndForm(request.POST or None)
    actor = the_user(request)

    def end() -> object:
        return services.revoke_key(member_id=member.pk, actor=actor, **form.cleaned_data)

    if form.is_valid() and _done(form, end):
        messages.success(request, said)
        return See(after)
    key = current_key(member)
    context = {"form": form, "member": member, "key": key and pages.KeyShown.of(key), "back": after}
    status = 422 if form.errors else 200
    return render(request, "members/identity/end_key.html", context, status=status)


def _take_key(member: Member, form: forms.Form, request: HttpRequest) -> None:
    envelope = form.cleaned_data["envelope"]
    take = services.rotate_key if envelope.payload_type == ROTATION else services.register_key
    take(member_id=member.pk, envelope=envelope, actor=the_user(request))


def _take_vouch(member: Member, form: forms.Form, request: HttpRequest) -> None:
    envelope = form.cleaned_data["envelope"]
    services.vouch(voucher_id=member.pk, envelope=envelope, actor=the_user(request))


def _drafted(form: forms.Form, make: Callable[[], Draft]) -> Draft | None:
    """The draft; None where the form, or what it asks for, is refused, which the form then says."""
    if not form.is_valid():
        return None
    try:
        return make()
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _done(form: forms.Form, step: Callable[[], object]) -> bool:
    try:
        step()
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


def _file(draft: Draft | None, name: str) -> HttpResponse:
    if draft is None:
        raise Http404
    response = HttpResponse(draft.as_json(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
