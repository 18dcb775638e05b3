"""The member's statement and charges."""

import csv
from html import unescape

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from members.access import member_required, the_member
from payments.access import charge_or_404
from payments.errors import cents_text
from payments.models import Charge
from payments.queries import charges_of, owed_by, statement_of
from payments.transfers import transfer_for

PAGE = 50


@require_GET
@member_required
def statement(request: HttpRequest) -> HttpResponse:
    """Everything charged and paid, with how it came about and what is owed."""
    member = the_member(request)
    waiting = charges_of(member).filter(state=Charge.State.OPEN)
    page = Paginator(statement_of(member), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "waiting": waiting, "owed": owed_by(member)}
    return render(request, "payments/statement.html", context)


@require_GET
@member_required
def statement_csv(request: HttpRequest) -> HttpResponse:
    """The statement as a table for a spreadsheet, oldest first."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="statement.csv"'
    rows = csv.writer(response)
    head = [_("Date"), _("What"), _("Reference"), _("Charged"), _("Paid"), _("Owed after it")]
    rows.writerow(head)
    for line in reversed(statement_of(the_member(request))):
        sums = (cents_text(cents) for cents in (line.charged, line.paid, line.balance))
        rows.writerow([line.day, in_words(line.charge), line.charge.reference, *sums])
    return response


def in_words(charge: Charge) -> str:
    """What a charge is for, as the pages say it."""
    return unescape(render_to_string("payments/parts/what.html", {"charge": charge})).strip()


@require_GET
@login_required
def charge(request: HttpRequest, charge_id: int) -> HttpResponse:
    """One charge: its derivation, and how to pay it while it is open."""
    found = charge_or_404(request.user, charge_id)
    transfer = transfer_for(found) if found.state == Charge.State.OPEN else None
    return render(request, "payments/charge.html", {"charge": found, "transfer": transfer})
