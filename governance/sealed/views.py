"""Pages of sealed votes: trustees' keys, the key of a vote, ballots sealed elsewhere, the tally."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.access import voting_member
from governance.methods.forms import BallotForm, ballot_form
from governance.models import Proposal, TrusteeKey
from governance.sealed import files, formats, services
from governance.sealed.access import sealed_proposal_for
from governance.sealed.casting import cast_sealed_elsewhere, cast_sealed_here
from governance.sealed.forms import (
    CeremonyForm,
    DealForm,
    KeyForm,
    SealedElsewhereForm,
    TallyForm,
    TrackerForm,
)
from governance.sealed.pages import keys_context, sealed_context, vote_context
from governance.sealed.queries import sealed_vote_of
from governance.views import See
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user

SEALED_PAGE = "governance/sealed/vote.html"


@member_required
@require_http_methods(["GET", "POST"])
def trustee_keys(request: HttpRequest) -> HttpResponse:
    """What trustees are, whose keys are offered, and the way to offer one."""
    member, form = the_member(request), KeyForm(request.POST or None)
    if form.is_valid():
        try:
            services.offer_key(member=member, actor=the_user(request), **form.cleaned_data)
            messages.success(request, _("Deals can use your key from now on."))
            return See(reverse("governance:trustee_keys"))
        except DomainError as error:
            form.add_error(None, str(error))
    context = keys_context(member) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "governance/sealed/keys.html", context, status=status)


@member_required
@require_POST
def end_trustee_key(request: HttpRequest, key_id: int) -> HttpResponse:
    """A key that no further deal may use."""
    member = the_member(request)
    key = get_object_or_404(TrusteeKey, pk=key_id, member=member)
    services.end_key(key_id=key.pk, member=member, actor=the_user(request))
    messages.success(request, _("No further deal uses this key."))
    return See(reverse("governance:trustee_keys"))


@require_GET
def sealed(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The key of a vote, its trustees, its files, and what they published."""
    proposal = sealed_proposal_for(request, proposal_id)
    return render(request, SEALED_PAGE, sealed_context(request, proposal))


@login_required
@require_GET
def ceremony(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The file for the dealer."""
    proposal, form = sealed_proposal_for(request, proposal_id), CeremonyForm(request.GET)
    if form.is_valid():
        try:
            keys, threshold = form.cleaned_data["keys"], form.cleaned_data["threshold"]
            services.require_dealable(proposal)
            services.require_enough(trustees=len(keys), threshold=threshold)
            return attachment(files.ceremony(proposal, keys, threshold), "ceremony", proposal)
        except DomainError as error:
            form.add_error(None, str(error))
    context = sealed_context(request, proposal) | {"ceremony": form}
    return render(request, SEALED_PAGE, context, status=422)


@login_required
@require_POST
def deal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Keep the dealer's file for a draft."""

    def take(form: Form, proposal: Proposal) -> None:
        services.take_deal(
            proposal_id=proposal.pk, deal=form.cleaned_data["file"], actor=the_user(request)
        )
        messages.success(request, _("The vote has its key. Each trustee should now check a share."))

    return _taken(request, proposal_id, "deal_form", DealForm, take)


@login_required
@require_POST
def tally(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Keep the trustees' file, and count by it."""

    def take(form: Form, proposal: Proposal) -> None:
        services.publish_tally(
            proposal_id=proposal.pk, envelope=form.cleaned_data["file"], actor=the_user(request)
        )
        messages.success(request, _("The tally fits the board, and the vote is counted."))

    return _taken(request, proposal_id, "tally_form", TallyForm, take)


@login_required
@require_http_methods(["GET", "POST"])
def vote(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The ballot, which the site seals for the voter; a step of a ranking leads back here."""
    proposal = sealed_proposal_for(request, proposal_id)
    member, data = voting_member(request), request.POST or None
    form, tracker = ballot_form(proposal, data), TrackerForm(data)
    if form.is_valid() and tracker.is_valid():
        try:
            return _cast(request, proposal, form, tracker)
        except DomainError as error:
            form.add_error(None, str(error))
    context = vote_context(proposal, member) | {"form": form, "tracker": tracker}
    status = 422 if form.errors or (form.is_bound and tracker.errors) else 200
    return render(request, "governance/sealed/ballot.html", context, status=status)


def _cast(
    request: HttpRequest, proposal: Proposal, form: BallotForm, tracker: TrackerForm
) -> HttpResponse:
    ballot = cast_sealed_here(
        proposal=proposal,
        member=voting_member(request),
        actor=the_user(request),
        answer=form.answer(),
        tracker=tracker.cleaned_data["tracker"],
        key=form.cleaned_data["key"],
    )
    return See(reverse("governance:receipt", args=[proposal.pk, ballot.index]))


@login_required
@require_http_methods(["GET", "POST"])
def elsewhere(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """How to seal a ballot on one's own machine; then take the ballot."""
    proposal = sealed_proposal_for(request, proposal_id)
    member, form = voting_member(request), SealedElsewhereForm(request.POST or None)
    if form.is_valid():
        try:
            ballot = cast_sealed_elsewhere(
                proposal=proposal,
                member=member,
                actor=the_user(request),
                sealed=form.cleaned_data["ballot"],
            )
            return See(reverse("governance:receipt", args=[proposal.pk, ballot.index]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = vote_context(proposal, member) | {"form": form}
    status = 422 if form.errors else 200
    return render(request, "governance/sealed/elsewhere.html", context, status=status)


FILES: dict[str, tuple[str, Callable[[Proposal], dict[str, Any]]]] = {
    "paper": ("ballot-paper", files.ballot_paper),
    "set": ("closed-set", files.closed_set),
    "tally": ("published-tally", files.published),
}


@require_GET
def download(request: HttpRequest, proposal_id: int, name: str) -> HttpResponse:
    """A file of the vote: deal, ballot paper, closed set, published tally."""
    proposal = sealed_proposal_for(request, proposal_id)
    if name == "deal":
        vote = sealed_vote_of(proposal)
        return attachment({} if vote is None else vote.deal, "deal", proposal)
    called, made = FILES[name]
    try:
        return attachment(made(proposal), called, proposal)
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:sealed", args=[proposal.pk]))


def attachment(document: dict[str, Any], name: str, proposal: Proposal) -> HttpResponse:
    """A file to save, named after its vote."""
    response = HttpResponse(formats.as_file(document), content_type="application/json")
    called = f"vote-{proposal.pk}-{name}.json"
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


def _taken(
    request: HttpRequest,
    proposal_id: int,
    name: str,
    kind: type[Form],
    take: Callable[[Form, Proposal], None],
) -> HttpResponse:
    """A file taken, or the page again with what is wrong with it."""
    proposal = sealed_proposal_for(request, proposal_id)
    form = kind(request.POST, request.FILES)
    if form.is_valid():
        try:
            take(form, proposal)
            return See(reverse("governance:sealed", args=[proposal.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = sealed_context(request, proposal) | {name: form}
    return render(request, SEALED_PAGE, context, status=422)
