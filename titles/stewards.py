"""The stewards' pages of money that arrives."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ledger.errors import DomainError
from members.access import steward_required, the_user
from payments.errors import NotYetReceived, ReceivedTooEarly, WrongAmount
from payments.forms import ReceivedForm
from payments.models import Charge
from payments.queries import open_charges, payments_received
from titles import services
from titles.access import charge_or_404

PAGE = 50
RECENT = 10


@require_GET
@steward_required
def incoming(request: HttpRequest) -> HttpResponse:
    """What waits for money, and what came in lately."""
    waiting = open_charges().prefetch_related("lines")
    wanted = request.GET.get("q", "").strip()
    if wanted:
        compact = wanted.replace(" ", "").upper()
        waiting = waiting.filter(reference__contains=compact) | waiting.filter(
            member__name__icontains=wanted
        )
    page = Paginator(waiting, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "wanted": wanted, "received": payments_received()[:RECENT]}
    return render(request, "payments/incoming.html", context)


@require_http_methods(["GET", "POST"])
@steward_required
def receive(request: HttpRequest, charge_id: int) -> HttpResponse:
    """Mark a charge as paid: what arrived, when; what that books."""
    charge = charge_or_404(charge_id)
    form = ReceivedForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _receive(request, charge, form):
        messages.success(request, _("Booked. %(name)s can see it.") % {"name": charge.member.name})
        return HttpResponseRedirect(reverse("titles:incoming"), status=303)
    context = {"charge": charge, "form": form}
    return render(request, "payments/receive.html", context, status=422 if form.errors else 200)


def _receive(request: HttpRequest, charge: Charge, form: ReceivedForm) -> bool:
    try:
        services.accept_payment(
            reference=charge.reference,
            amount=form.cleaned_data["amount"],
            received_on=form.cleaned_data["received_on"],
            actor=the_user(request),
            key=f"charge:{charge.pk}",
        )
    except WrongAmount as error:
        form.add_error("amount", str(error))
    except (NotYetReceived, ReceivedTooEarly) as error:
        form.add_error("received_on", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return not form.errors
