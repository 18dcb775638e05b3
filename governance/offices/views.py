"""Pages of offices: elections' candidates, petitions, emergencies."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.access import proposal_for, reader_member
from governance.models import Emergency
from governance.offices import candidates, emergencies, officers, pages
from governance.offices.forms import (
    AnswerForm,
    EmergencyForm,
    NameForm,
    PetitionForm,
    StandForm,
)
from governance.offices.petitions import open_petition, sign_petition, withdraw_signature
from governance.offices.queries import petitions
from governance.views import See
from ledger.errors import DomainError
from members.access import member_required, steward_required, the_member, the_user
from members.models import Member
from members.queries import is_auditor


@login_required
@require_GET
def offices(request: HttpRequest) -> HttpResponse:
    """Who holds which office, what is on its way, and how to have a say in it."""
    require_reader(request)
    return render(request, "governance/offices/offices.html", pages.offices_context(request))


def require_reader(request: HttpRequest) -> None:
    """Members, stewards and auditors read; raises PermissionDenied."""
    if reader_member(request) is None and not is_auditor(request.user):
        raise PermissionDenied


@member_required
@require_POST
def stand(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Stand in an election."""
    proposal, form = proposal_for(request, proposal_id), StandForm(request.POST)
    try:
        if form.is_valid():
            candidates.stand(
                proposal_id=proposal.pk, member=the_member(request), actor=the_user(request),
                statement=form.cleaned_data["statement"],
            )  # fmt: skip
            messages.success(request, _("You stand in this election."))
    except DomainError as error:
        messages.error(request, str(error))
    return see_decision(proposal.pk)


@member_required
@require_POST
def name(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Ask somebody to stand."""
    proposal, form = proposal_for(request, proposal_id), NameForm(request.POST)
    try:
        if form.is_valid():
            row = candidates.name_candidate(
                proposal_id=proposal.pk, member=form.cleaned_data["number"],
                named_by=the_member(request), actor=the_user(request),
            )  # fmt: skip
            words = _("%(name)s is asked to stand, and is on the ballot once they accept.")
            messages.success(request, words % {"name": row.member.name})
    except DomainError as error:
        messages.error(request, str(error))
    return told(request, form, see_decision(proposal.pk))


def told(request: HttpRequest, form: forms.Form, answer: HttpResponse) -> HttpResponse:
    """The answer, with what is wrong with a small form said above the page that it leads to."""
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return answer


@member_required
@require_POST
def withdraw_candidate(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Do not stand, or no longer."""
    proposal = proposal_for(request, proposal_id)
    try:
        candidates.withdraw_candidate(
            proposal_id=proposal.pk, member=the_member(request), actor=the_user(request)
        )
        messages.success(request, _("You do not stand in this election."))
    except DomainError as error:
        messages.error(request, str(error))
    return see_decision(proposal.pk)


def see_decision(proposal_id: int) -> HttpResponse:
    """Back to the decision, at who stands."""
    return See(reverse("governance:decision", args=[proposal_id]) + "#offices")


@member_required
@require_http_methods(["GET", "POST"])
def new_petition(request: HttpRequest, office: str, number: int) -> HttpResponse:
    """What a petition does; then open it."""
    concerned = get_object_or_404(Member, number=number)
    if not pages.office_named(office):
        raise Http404
    form = PetitionForm(request.POST or None)
    if form.is_valid():
        try:
            petition = open_petition(
                member=concerned, office=office, text=form.cleaned_data["text"],
                opened_by=the_member(request), actor=the_user(request),
            )  # fmt: skip
            return See(reverse("governance:petition", args=[petition.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, **pages.against_context(concerned, office)}
    status = 422 if form.errors else 200
    return render(request, "governance/offices/new_petition.html", context, status=status)


@member_required
@require_GET
def petition(request: HttpRequest, petition_id: int) -> HttpResponse:
    """One petition."""
    row = get_object_or_404(petitions(), pk=petition_id)
    return render(request, "governance/offices/petition.html", pages.petition_context(request, row))


@member_required
@require_POST
def sign(request: HttpRequest, petition_id: int) -> HttpResponse:
    """Sign a petition, or take the signature back."""
    row = get_object_or_404(petitions(), pk=petition_id)
    act = withdraw_signature if "withdraw" in request.POST else sign_petition
    try:
        signed = act(petition_id=row.pk, member=the_member(request), actor=the_user(request))
        if signed.proposal_id is not None:
            messages.success(request, _("That was enough: notice of the vote is given."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:petition", args=[row.pk]))


@member_required
@require_http_methods(["GET", "POST"])
def step_down(request: HttpRequest, office: str) -> HttpResponse:
    """What stepping down does; then step down."""
    if not pages.office_named(office):
        raise Http404
    context = {"office": pages.office_named(office)}
    if request.method == "GET":
        return render(request, "governance/offices/step_down.html", context)
    try:
        officers.step_down(member=the_member(request), office=office, actor=the_user(request))
        messages.success(request, _("You have stepped down."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:offices"))


@steward_required
@require_http_methods(["GET", "POST"])
def call_emergency(request: HttpRequest) -> HttpResponse:
    """What an emergency does; then call it."""
    form = EmergencyForm(request.POST or None, initial={"node": request.GET.get("node", "")})
    if form.is_valid():
        try:
            emergency = emergencies.call_emergency(actor=the_user(request), **form.cleaned_data)
            return See(reverse("governance:emergency", args=[emergency.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, **pages.calling_context()}
    status = 422 if form.errors else 200
    return render(request, "governance/offices/call_emergency.html", context, status=status)


@login_required
@require_GET
def emergency(request: HttpRequest, emergency_id: int) -> HttpResponse:
    """One emergency with its whole record."""
    require_reader(request)
    row = get_object_or_404(Emergency.objects.select_related("node__asset"), pk=emergency_id)
    return show_emergency(request, row, AnswerForm())


def show_emergency(request: HttpRequest, row: Emergency, form: AnswerForm) -> HttpResponse:
    """The page of an emergency, with the form of the answer."""
    context = pages.emergency_context(request, row) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "governance/offices/emergency.html", context, status=status)


@steward_required
@require_POST
def sign_emergency(request: HttpRequest, emergency_id: int) -> HttpResponse:
    """Sign an emergency."""
    row = get_object_or_404(Emergency, pk=emergency_id)
    try:
        signed = emergencies.sign_emergency(emergency_id=row.pk, actor=the_user(request))
        if signed.state == Emergency.State.IN_FORCE:
            messages.success(request, _("The quarantine is in force, and the vote on it runs."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:emergency", args=[row.pk]))


@member_required
@require_POST
def answer(request: HttpRequest, emergency_id: int) -> HttpResponse:
    """Answer for the node."""
    row = get_object_or_404(Emergency.objects.select_related("node__asset"), pk=emergency_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            emergencies.answer_emergency(
                emergency_id=row.pk, member=the_member(request), actor=the_user(request),
                **form.cleaned_data,
            )  # fmt: skip
            return See(reverse("governance:emergency", args=[row.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    return show_emergency(request, row, form)
