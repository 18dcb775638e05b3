"""What a steward does with a node's meters: whose use each measures."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.errors import DomainError
from members.access import steward_required, the_user
from metering import services
from metering.access import assignment_of, node_for_steward
from metering.fleet.views import show_node
from metering.forms import AssignForm


def see(name: str, **names: Any) -> HttpResponseRedirect:
    """See other: the page that shows what was done."""
    response = HttpResponseRedirect(reverse(name, kwargs=names))
    response.status_code = 303
    return response


@require_POST
@steward_required
def assign(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """From now on a meter measures a member's use."""
    row = node_for_steward(uuid)
    form = AssignForm(row, request.POST)
    if form.is_valid():
        try:
            services.assign_meter(actor=the_user(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Assigned. What is measured from now on counts."))
            return see("metering:node", uuid=uuid)
    return show_node(request, row, assign_form=form)


@require_POST
@steward_required
def end(request: HttpRequest, uuid: UUID, assignment_id: int) -> HttpResponse:
    """A meter measures nobody's use any more."""
    assignment = assignment_of(node_for_steward(uuid), assignment_id)
    services.end_assignment(actor=the_user(request), assignment=assignment)
    messages.success(request, _("Ended. What was measured until now stays counted."))
    return see("metering:node", uuid=uuid)
