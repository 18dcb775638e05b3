"""Pages on which members stand behind a draft."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from governance import access
from governance.backing import services
from governance.views import See
from ledger.errors import DomainError
from members.access import member_required, the_member


@member_required
@require_POST
def back(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Stand behind a draft."""
    proposal = access.proposal_for(request, proposal_id)
    try:
        services.back(proposal_id=proposal.pk, member=the_member(request))
        messages.success(request, _("You stand behind this draft."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:decision", args=[proposal.pk]) + "#backing")


@member_required
@require_POST
def take_back(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Stand behind it no longer."""
    proposal = access.proposal_for(request, proposal_id)
    try:
        services.take_back(proposal_id=proposal.pk, member=the_member(request))
        messages.success(request, _("You no longer stand behind this draft."))
    except DomainError as error:
        messages.error(request, str(error))
    return See(reverse("governance:decision", args=[proposal.pk]) + "#backing")
