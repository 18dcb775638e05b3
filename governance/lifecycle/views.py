"""Pages on which people step into the way of a proposal."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import access, clock
from governance.lifecycle import access as allowed
from governance.lifecycle.corrections import correct_roll
from governance.lifecycle.forms import (
    CorrectionForm,
    HaltForm,
    ObjectionForm,
    amended,
    amending_form,
)
from governance.lifecycle.halts import halt as halt_vote
from governance.lifecycle.objections import (
    may_be_objected,
    object_to,
    standing_of,
    withdraw_objection,
)
from governance.lifecycle.reconciling import joint_text as write_joint_text
from governance.lifecycle.showing import shown_versions
from governance.models import Proposal
from governance.services import amend as amend_proposal
from governance.views import See
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user


def page_of(proposal: Proposal) -> See:
    """Lead to a proposal's page."""
    return See(reverse("governance:decision", args=[proposal.pk]))


@require_GET
def versions(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Every version beside the one before it."""
    proposal = access.proposal_for(request, proposal_id)
    member = access.reader_member(request) is not None
    shown = shown_versions(proposal, member=member)
    context = {"proposal": proposal, "versions": shown, "reads": member}
    return render(request, "governance/versions.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def amend(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What a proposal says, to be changed; after the notice as a new version."""
    proposal = access.proposal_for(request, proposal_id)
    if not allowed.may_amend(request.user, proposal):
        raise PermissionDenied
    form = amending_form(proposal, request.POST or None)
    if form.is_valid():
        try:
            said, why = amended(form, proposal), form.cleaned_data["why"]
            amend_proposal(proposal_id=proposal.pk, actor=the_user(request), why=why, **said)
            messages.success(request, _("Your changes are saved."))
            return page_of(proposal)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "form": form}
    return render(request, "governance/amend.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def joint_text(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The text that both chambers could carry; the draft of the second vote."""
    first = access.proposal_for(request, proposal_id)
    if not allowed.may_write_joint_text(request.user, first, clock.now()):
        raise PermissionDenied
    form = amending_form(first, request.POST or None)
    form.fields.pop("why")
    if form.is_valid():
        try:
            said = amended(form, first)
            made = write_joint_text(proposal_id=first.pk, actor=the_user(request), **said)
            return page_of(made)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": first, "form": form}
    status = 422 if form.errors else 200
    return render(request, "governance/joint_text.html", context, status=status)


@member_required
@require_http_methods(["GET", "POST"])
def object_page(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What an objection does; then object."""
    proposal = access.public_proposal(proposal_id)
    member = the_member(request)
    if request.method == "GET" and not may_be_objected(proposal):
        return page_of(proposal)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            object_to(proposal_id=proposal.pk, member=member, **form.cleaned_data)
            messages.success(request, _("Your objection is noted."))
            return page_of(proposal)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "form": form, "standing": standing_of(proposal, member)}
    return render(request, "governance/object.html", context, status=422 if form.errors else 200)


@member_required
@require_POST
def unobject(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Take an objection back."""
    proposal = access.public_proposal(proposal_id)
    try:
        withdraw_objection(proposal_id=proposal.pk, member=the_member(request))
        messages.success(request, _("Your objection is taken back."))
    except DomainError as error:
        messages.error(request, str(error))
    return page_of(proposal)


@login_required
@require_http_methods(["GET", "POST"])
def halt(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What a halt does; then halt."""
    proposal = access.proposal_for(request, proposal_id)
    if not allowed.may_halt(request.user, proposal):
        raise PermissionDenied
    form = HaltForm(request.POST or None)
    if form.is_valid():
        try:
            halt_vote(proposal_id=proposal.pk, actor=the_user(request), **form.cleaned_data)
            return page_of(proposal)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "form": form}
    return render(request, "governance/halt.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Add somebody who was left off a roll."""
    proposal = access.proposal_for(request, proposal_id)
    if not allowed.may_correct(request.user, proposal, clock.now()):
        raise PermissionDenied
    form = CorrectionForm(request.POST or None, proposal=proposal)
    if form.is_valid():
        said = form.cleaned_data
        member, actor = said.pop("number"), the_user(request)
        try:
            correct_roll(proposal_id=proposal.pk, member=member, actor=actor, **said)
            messages.success(request, _("The roll is corrected, for everybody to see."))
            return page_of(proposal)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "form": form}
    return render(request, "governance/correct.html", context, status=422 if form.errors else 200)
