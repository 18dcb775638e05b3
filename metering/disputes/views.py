"""A member disputes what was metered."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger.errors import DomainError
from members.access import member_required, the_member
from metering import services
from metering.access import DisputeTarget, dispute_target
from metering.disputes.forms import ReasonForm
from metering.stewards import see


@require_http_methods(["GET", "POST"])
@member_required
def dispute(request: HttpRequest) -> HttpResponse:
    """Say why a reading, or a day, is not what was used."""
    target = dispute_target(the_member(request), request.GET)
    form = ReasonForm(request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and _raise(request, target, form):
        messages.success(request, _("Noted. A steward will answer it; the readings stand."))
        return see("metering:usage")
    status = 422 if form.errors else 200
    return render(
        request, "metering/dispute.html", {"form": form, **target._asdict()}, status=status
    )


def _raise(request: HttpRequest, target: DisputeTarget, form: ReasonForm) -> bool:
    member = the_member(request)
    try:
        services.raise_dispute(
            member=member,
            **target._asdict(),
            reason=form.cleaned_data["reason"],
            actor=member.user,
            key=form.cleaned_data["key"],
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True
