"""The page "How this was worked out" of a charge."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coop.derivation import derivation_of
from payments.access import charge_or_404


@require_GET
@login_required
def derivation(request: HttpRequest, charge_id: int) -> HttpResponse:
    """Each line of a charge down to its readings, and its profit up to the title."""
    found = derivation_of(charge_or_404(request.user, charge_id), request.user)
    return render(request, "coop/derivation.html", {"found": found, "charge": found.charge})
