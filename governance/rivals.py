"""A rival version of what a proposal does: it becomes an option beside the first one (R15)."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from governance import access, services
from governance.actions import action_named
from governance.answers import KEEP
from governance.models import Proposal
from governance.proposing import PROPOSAL_FORMS
from governance.views import See
from governance.ways import may_add_option
from ledger.errors import DomainError
from members.access import the_user

Kind = Proposal.Kind


@login_required
@require_http_methods(["GET", "POST"])
def add_option(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The action's own form once more; what it says becomes an option of a ranked motion."""
    proposal = access.proposal_for(request, proposal_id)
    if not may_add_option(request.user, proposal):
        raise PermissionDenied
    form = PROPOSAL_FORMS[proposal.action](request.POST or None)
    del form.fields["text"]
    if form.is_valid():
        try:
            options = with_rival(proposal, form.cleaned_data["title"], form.payload())
            services.amend(
                proposal_id=proposal.pk, actor=the_user(request), kind=Kind.RANKED, options=options
            )
            messages.success(request, _("The option stands beside the others."))
            return See(reverse("governance:decision", args=[proposal.pk]))
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"form": form, "proposal": proposal, "action": action_named(proposal.action)}
    return render(
        request, "governance/add_option.html", context, status=422 if form.errors else 200
    )


def with_rival(proposal: Proposal, name: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of a proposal and one more; of a motion what it does is the first."""
    first = {"name": proposal.title, "payload": proposal.payload}
    kept = [option for option in proposal.options if option["id"] != KEEP] or [first]
    return [*kept, {"name": name, "payload": payload}]
