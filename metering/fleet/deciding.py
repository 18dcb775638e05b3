"""A steward's decisions about a node: each on a page that says first what it will do."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from members.errors import DecidedByVote
from members.mandates import mandate
from metering import services
from metering.errors import LapsedAlready, VoteNeeded
from metering.fleet.decisions import Action, action_called, rotations_waiting
from metering.fleet.forms import ReasonForm
from metering.fleet.sight import node_or_404
from metering.models import KeyRotation, Node
from metering.stewards import see
from signing.words import fingerprint_words


@require_http_methods(["GET", "POST"])
@steward_required
def decide(request: HttpRequest, uuid: UUID, code: str) -> HttpResponse:
    """What a decision will do, and then the decision, with a reason that everybody reads."""
    node = node_or_404(uuid)
    action = action_called(node, code)
    if action is None:
        raise Http404
    if action.together and request.method == "GET":
        return redirect(f"{reverse('governance:call_emergency')}?node={node.uuid}")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and is_done(request, node, action, form):
        messages.success(request, _("Decided and written down."))
        return see("metering:node", uuid=uuid)
    return show(request, node, action, form)


def is_done(request: HttpRequest, node: Node, action: Action, form: ReasonForm) -> bool:
    """Decide; what speaks against it stands on the form, with `vote` where only a vote can."""
    try:
        services.set_node_state(
            actor=the_user(request), node=node, state=action.state, **form.cleaned_data
        )
    except DomainError as error:
        form.add_error(None, str(error))
        form.needs_vote = isinstance(error, VoteNeeded | LapsedAlready | DecidedByVote)
        return False
    return True


def show(request: HttpRequest, node: Node, action: Action, form: ReasonForm) -> HttpResponse:
    """The page of one decision."""
    context = {"node": node, "action": action, "form": form}
    if action.state == Node.State.REVOKED:
        address = reverse("governance:propose", args=[action.vote])
        context |= {"mandate": mandate("revocation_by_vote"), "vote": f"{address}?node={node.pk}"}
    return render(request, "metering/decide.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@steward_required
def rotation(request: HttpRequest, uuid: UUID, number: int) -> HttpResponse:
    """A new key that only itself signed: a steward believes it or not."""
    node = node_or_404(uuid)
    row = rotations_waiting(node).filter(pk=number).first()
    if row is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and is_settled(request, row, form):
        messages.success(request, _("Decided and written down."))
        return see("metering:node", uuid=uuid)
    words = fingerprint_words(bytes(row.public_key)).split("-")
    context = {"node": node, "rotation": row, "form": form, "words": words}
    return render(request, "metering/rotation.html", context, status=422 if form.errors else 200)


def is_settled(request: HttpRequest, row: KeyRotation, form: ReasonForm) -> bool:
    """Let the new key in, or turn it away; what speaks against it stands on the form."""
    settle = services.refuse_rotation if "refuse" in request.POST else services.approve_rotation
    try:
        settle(actor=the_user(request), rotation=row, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True
