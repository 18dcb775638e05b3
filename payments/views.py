"""The member's statement and charges."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from members.access import member_required, the_member
from members.models import Member
from payments.access import charge_or_404
from payments.models import Charge
from payments.pages.forms import PeriodForm
from payments.queries import charges_of, current_mandate, owed_by
from payments.services.reminders import HELD
from payments.statements import pdf, sending, table
from payments.statements.build import MemberStatement, member_statement
from payments.transfers import transfer_for

PAGE = 50


@require_GET
@member_required
def statement(request: HttpRequest) -> HttpResponse:
    """Everything charged and paid, or of some time, with how it came about and what is owed."""
    member, form = the_member(request), PeriodForm(request.GET or None)
    shown = asked_statement(request, member)
    waiting = charges_of(member).filter(state=Charge.State.OPEN)
    page = Paginator(shown.lines, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "waiting": waiting, "owed": owed_by(member), "form": form,
        "shown": shown, "query": span_query(shown), "mandate": current_mandate(member),
    }  # fmt: skip
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "payments/statement.html", context, status=status)


@require_GET
@member_required
def statement_csv(request: HttpRequest) -> HttpResponse:
    """The statement as a table for a spreadsheet, oldest first."""
    made = table.statement_csv(asked_statement(request, the_member(request)))
    response = HttpResponse(made, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="statement.csv"'
    return response


@require_GET
@member_required
def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The statement as a PDF, with how to pay what is open."""
    made = pdf.statement_pdf(asked_statement(request, the_member(request)))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="statement.pdf"'
    return response


@require_POST
@member_required
def send_statement(request: HttpRequest) -> HttpResponse:
    """The statement by mail, once a day for each span."""
    member = the_member(request)
    shown = asked_statement(request, member)
    start = shown.start or timezone.localdate(member.admitted_at)
    end = shown.end or timezone.localdate()
    key = sending.today_key(member, start, end)
    sending.mail_statement(member=member, start=start, end=end, key=key)
    messages.success(request, _("The statement is on its way to your mailbox."))
    url = f"{reverse('payments:statement')}?{span_query(shown)}"
    return HttpResponseRedirect(url, status=303)


def asked_statement(request: HttpRequest, member: Member) -> MemberStatement:
    """The statement for the days in the address; all of it where they are no days."""
    form = PeriodForm(request.GET)
    values = form.cleaned_data if form.is_valid() else {}
    return member_statement(member, values.get("start"), values.get("end"))


def span_query(shown: MemberStatement) -> str:
    """The days of a statement as they stand in an address."""
    days = {"start": shown.start, "end": shown.end}
    return urlencode({name: day.isoformat() for name, day in days.items() if day})


@require_GET
@login_required
def charge(request: HttpRequest, charge_id: int) -> HttpResponse:
    """One charge: its derivation, and how to pay it while it is open."""
    found = charge_or_404(request.user, charge_id)
    transfer = transfer_for(found) if found.state == Charge.State.OPEN else None
    context = {"charge": found, "transfer": transfer, **reminders_of(found)}
    return render(request, "payments/charge.html", context)


def reminders_of(charge: Charge) -> dict[str, Any]:
    """The steps taken for a charge, what holds them, whether the next could be disputed."""
    stop = charge.stops.order_by("-pk").first()
    held = stop is not None and stop.kind in HELD
    return {
        "reminders": charge.reminders.order_by("step"),
        "stop": stop if held else None,
        "disputable": charge.state == Charge.State.OPEN
        and charge.kind == Charge.Kind.PERIOD
        and not held,
    }
