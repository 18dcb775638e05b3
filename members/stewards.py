"""The stewards' pages of the register: applications, admission, members."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members import queries, services
from members.access import (
    applicant_or_404,
    register_reader_required,
    steward_required,
    the_user,
)
from members.forms import RefusalForm, RegisterFilterForm
from members.mandates import mandate, proposing

PAGE = 50


@require_GET
@steward_required
def applications(request: HttpRequest) -> HttpResponse:
    """Who waits to be admitted."""
    return render(request, "members/applications.html", {"applicants": queries.applicants()})


@require_http_methods(["GET", "POST"])
@steward_required
def admit(request: HttpRequest, member_id: int) -> HttpResponse:
    """What admitting this applicant does, and doing it."""
    applicant = applicant_or_404(member_id)
    number = applicant.number or queries.cooperative().next_member_number
    context = {"applicant": applicant, "number": number, "alike": queries.alike(applicant)}
    context["mandate"] = mandate("admission_by_vote")
    context["vote"] = proposing("admit_member", application=applicant.pk)
    if request.method == "GET":
        return render(request, "members/admit.html", context)
    try:
        member = services.admit(member_id=member_id, actor=the_user(request))
    except DomainError as error:
        return render(request, "members/admit.html", context | {"error": error}, status=422)
    done = _("%(name)s is member %(number)s.") % {"name": member.name, "number": member.number}
    messages.success(request, done)
    return HttpResponseRedirect(reverse("members:applications"), status=303)


@require_http_methods(["GET", "POST"])
@steward_required
def refuse(request: HttpRequest, member_id: int) -> HttpResponse:
    """Refuse an application, with the reason that the applicant reads."""
    applicant = applicant_or_404(member_id)
    form = RefusalForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _refuse(request, member_id, form):
        messages.success(
            request, _("The application of %(name)s was refused.") % {"name": applicant.name}
        )
        return HttpResponseRedirect(reverse("members:applications"), status=303)
    context = {"applicant": applicant, "form": form}
    return render(request, "members/refuse.html", context, status=422 if form.errors else 200)


def _refuse(request: HttpRequest, member_id: int, form: RefusalForm) -> bool:
    reason = form.cleaned_data["reason"]
    try:
        services.refuse(member_id=member_id, reason=reason, actor=the_user(request))
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors


@require_GET
@register_reader_required
def register(request: HttpRequest) -> HttpResponse:
    """Everybody on the register, narrowed by a state and by words; pages by place."""
    form = RegisterFilterForm(request.GET or None)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = queries.on_register(**asked)
    if not asked.get("state"):
        rows = rows.filter(number__isnull=False)
    after = request.GET.get("after", "")
    context = page_after(rows, int(after) if after.isdecimal() else 0)
    context |= {"form": form, "asked": asked, "numbers": queries.members_by_state()}
    return render(request, "members/register.html", context)


def page_after(rows: QuerySet[Any], after: int) -> dict[str, Any]:
    """One page of the register behind a place, and the place from which the next one goes on."""
    found: list[Any] = list(rows.filter(place__gt=after)[: PAGE + 1])
    further = found[PAGE - 1].place if len(found) > PAGE else None
    return {"rows": found[:PAGE], "further": further, "begun": after > 0}
