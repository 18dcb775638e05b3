"""Applying for membership, and one's own place on the register."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ledger.errors import DomainError
from members import services
from members.access import member_required, the_member, the_user
from members.forms import ApplicationForm, ConsentForm
from members.mine import standing
from members.models import Member
from members.queries import bylaws_in_force, member_of
from members.transitions import MAY_APPLY


@require_http_methods(["GET", "POST"])
@login_required
def apply(request: HttpRequest) -> HttpResponse:
    """Apply, or see where one's application stands."""
    member = member_of(request.user)
    again = request.method == "POST" or "again" in request.GET or is_refused(member)
    if member is not None and (member.state not in MAY_APPLY or not again):
        return standing(request, member)
    form = ApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _apply(request, form):
        messages.success(request, _("Your application is with the stewards."))
        return HttpResponseRedirect(reverse("members:apply"), status=303)
    context = {"form": form, "before": member, "bylaws": bylaws_in_force()}
    return render(request, "members/apply.html", context, status=422 if form.errors else 200)


def is_refused(member: Member | None) -> bool:
    """Whether the application was refused: the form for another one comes first."""
    return member is not None and member.state == Member.State.REFUSED


def _apply(request: HttpRequest, form: ApplicationForm) -> bool:
    user, data = the_user(request), form.cleaned_data
    try:
        services.apply(
            user=user,
            name=data["name"],
            kind=data["kind"],
            address=data["address"],
            bylaws_version=bylaws_in_force().version,
            consents_to_conversion=data["conversion"],
            born_on=data["born_on"],
            phone=data["phone"],
            actor=user,
        )
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


@require_POST
@member_required
def consent(request: HttpRequest) -> HttpResponse:
    """Give or take back the consent that what one pays above cost becomes shares."""
    form = ConsentForm(request.POST)
    consents = form.is_valid() and form.cleaned_data["consents"]
    member = the_member(request)
    services.set_conversion_consent(member_id=member.pk, consents=consents, actor=member.user)
    text = _("Paid profit becomes shares.") if consents else _("Paid profit stays credit.")
    messages.success(request, text)
    return HttpResponseRedirect(reverse("members:apply"), status=303)
