"""Pages of discussions."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from governance import access
from governance.discussion import services
from governance.discussion.forms import PostForm, ReasonForm
from governance.discussion.panel import place_of
from governance.discussion.threads import Said, discussion_of, reader_of, said_in
from governance.models import Proposal
from governance.views import See
from ledger.errors import DomainError
from members.access import member_required, the_member, the_user


@require_GET
def post(request: HttpRequest, proposal_id: int, post_id: int) -> HttpResponse:
    """Lead to a post where it stands on the page of its proposal."""
    proposal, said = _said(request, proposal_id, post_id)
    return See(place_of(request, proposal, said))


@member_required
@require_http_methods(["GET", "POST"])
def say(request: HttpRequest, proposal_id: int, post_id: int | None = None) -> HttpResponse:
    """The form of a post, below what it answers; then the post where it stands."""
    proposal = access.proposal_for(request, proposal_id)
    said = None if post_id is None else _said(request, proposal_id, post_id)[1]
    form = PostForm(request.POST or None)
    if form.is_valid():
        try:
            member, user = the_member(request), the_user(request)
            made = services.say(
                proposal_id=proposal.pk, member=member, actor=user, parent_id=post_id,
                **form.cleaned_data,
            )  # fmt: skip
            return See(services.path_of(made))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "said": said, "form": form}
    return render(request, "governance/say.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def moderate(request: HttpRequest, proposal_id: int, post_id: int, act: str) -> HttpResponse:
    """What hiding a post, or showing it again, does; then do it."""
    proposal, said = _said(request, proposal_id, post_id)
    if not (said.may_hide if act == services.HIDE else said.may_show):
        raise Http404
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            done = services.hide if act == services.HIDE else services.show
            done(post_id=post_id, actor=the_user(request), **form.cleaned_data)
            return See(place_of(request, proposal, said))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"proposal": proposal, "said": said, "form": form, "act": act}
    return render(request, "governance/moderate.html", context, status=422 if form.errors else 200)


@require_GET
def trace(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Everything that was hidden or shown again, with who did it and why; for everybody."""
    proposal = access.proposal_for(request, proposal_id)
    threads = discussion_of(proposal, reader_of(request))
    lines = [(said, act) for thread in threads for said in thread for act in said.trace]
    lines.sort(key=lambda line: line[1].pk)
    context = {"proposal": proposal, "lines": lines, "reads": reader_of(request).reads}
    return render(request, "governance/trace.html", context)


def _said(request: HttpRequest, proposal_id: int, post_id: int) -> tuple[Proposal, Said]:
    proposal = access.proposal_for(request, proposal_id)
    said = said_in(discussion_of(proposal, reader_of(request)), post_id)
    if said is None:
        raise Http404
    return proposal, said
