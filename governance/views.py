"""Pages of votes."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import access, own, services
from governance.actions import action_named
from governance.backing.access import may_announce
from governance.listing import list_context
from governance.methods.forms import BallotForm, ballot_form
from governance.models import Proposal
from governance.notices.seen import saw
from governance.pages import decision_context, rules_context
from governance.proposing import PROPOSAL_FORMS, by_area, starting_values
from governance.voting import cast_filled
from governance.ways import WayForm
from ledger.errors import DomainError
from members.access import member_required, steward_required, the_member, the_user
from members.identity.forms import SignedForm
from members.identity.pages import draft_context


@require_GET
def decisions(request: HttpRequest) -> HttpResponse:
    """Open, coming and past votes; drafts for members."""
    return render(request, "governance/decisions.html", list_context(request))


@require_GET
def decision(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Everything about one proposal on one page."""
    proposal = access.proposal_for(request, proposal_id)
    answer = render(request, "governance/decision.html", decision_context(request, proposal))
    saw(proposal=proposal, member=access.reader_member(request))
    return answer


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force, and what decided each."""
    return render(request, "governance/rules.html", rules_context())


@member_required
@require_GET
def kinds(request: HttpRequest) -> HttpResponse:
    """What can be proposed."""
    return render(request, "governance/kinds.html", {"areas": by_area()})


@member_required
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, action: str) -> HttpResponse:
    """The form of one type of proposal."""
    if action not in PROPOSAL_FORMS:
        raise Http404
    form = PROPOSAL_FORMS[action](request.POST or None, initial=starting_values(request, action))
    way = WayForm(request.POST or None, action=action_named(action))
    context = {"form": form, "way": way, "action": action_named(action)}
    if form.is_valid() and way.is_valid():
        try:
            draft = services.propose(
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                action=action,
                payload=form.payload(),
                member=the_member(request),
                actor=the_user(request),
                key=form.cleaned_data["key"],
                **way.said(),
            )
            said = _(
                "Your draft is saved. Enough members behind it, or a steward, bring it to a vote."
            )
            messages.success(request, said)
            return See(reverse("governance:decision", args=[draft.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    status = 422 if form.errors or way.errors else 200
    return render(request, "governance/propose.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def vote(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The ballot; an entry on the board leads to its receipt, a step of a ranking back here."""
    proposal = access.proposal_for(request, proposal_id)
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        return See(reverse("governance:sealed_vote", args=[proposal.pk]))
    if request.method == "GET" and proposal.state != Proposal.State.OPEN:
        return See(reverse("governance:decision", args=[proposal.pk]))
    context = decision_context(request, proposal)
    form = ballot_form(proposal, request.POST) if request.method == "POST" else context["form"]
    if form.is_valid():
        try:
            member, actor = access.voting_member(request), the_user(request)
            ballot = cast_filled(form, proposal=proposal, member=member, actor=actor)
            return See(reverse("governance:receipt", args=[proposal.pk, ballot.index]))
        except DomainError as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    return render(request, "governance/vote.html", context | {"form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def sign_vote(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What to sign for a vote with a key of one's own; then take what was signed."""
    proposal = access.proposal_for(request, proposal_id)
    asked, form = ballot_form(proposal, request.GET or None), SignedForm(request.POST or None)
    context = decision_context(request, proposal) | {"asked": asked, "form": form}
    try:
        if asked.is_valid():
            member, said = access.voting_member(request), asked.cleaned_data
            drafted = own.draft(
                proposal=proposal, member=member, choice=asked.answer(), reason=said["reason"]
            )
            context |= draft_context(drafted)
        if asked.is_valid() and form.is_valid():
            return _cast_signed(request, proposal, asked, form)
    except DomainError as error:
        (form if form.is_bound else asked).add_error(None, str(error))
    status = 422 if asked.errors or form.errors else 200
    return render(request, "governance/sign_vote.html", context, status=status)


def _cast_signed(
    request: HttpRequest, proposal: Proposal, asked: BallotForm, form: SignedForm
) -> HttpResponse:
    ballot = cast_filled(
        asked,
        proposal=proposal,
        member=access.voting_member(request),
        actor=the_user(request),
        envelope=form.cleaned_data["envelope"],
    )
    return See(reverse("governance:receipt", args=[proposal.pk, ballot.index]))


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What notice will freeze; then notice, by a steward or by a proposer who is backed."""
    proposal = access.proposal_for(request, proposal_id)
    if not may_announce(request.user, proposal):
        raise PermissionDenied
    context = decision_context(request, proposal)
    if request.method == "GET":
        return render(request, "governance/publish.html", context)
    try:
        services.publish(proposal_id=proposal.pk, actor=the_user(request))
    except DomainError as error:
        return render(request, "governance/publish.html", context | {"error": error}, status=422)
    messages.success(request, _("Notice was given to every active member."))
    return See(reverse("governance:decision", args=[proposal.pk]))


@steward_required
@require_POST
def step(request: HttpRequest, proposal_id: int, name: str) -> HttpResponse:
    """Open, close or carry out what is due, without waiting for the clockwork."""
    taken = {
        "open": services.open_ballot,
        "close": services.close_and_count,
        "execute": services.execute,
    }
    proposal = access.proposal_for(request, proposal_id)
    if name not in taken:
        raise Http404
    try:
        taken[name](proposal_id=proposal.pk, actor=the_user(request))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:decision", args=[proposal.pk]))


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """What taking back a draft does; then take it back."""
    proposal = access.withdrawable_by(request, proposal_id)
    if request.method == "GET":
        return render(request, "governance/withdraw.html", {"proposal": proposal})
    try:
        services.withdraw(proposal_id=proposal.pk, actor=the_user(request))
        messages.success(request, _("It was withdrawn."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:decisions"))


class See(HttpResponseRedirect):
    """303: the answer to a POST stands elsewhere."""

    status_code = 303
