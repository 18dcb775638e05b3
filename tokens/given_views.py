"""Lending tokens and getting them back; gifts that are taken back; every movement of one's own."""

import csv
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ledger.errors import DomainError
from ledger.reports.csv_file import decimal, text
from members.access import auditor_required, member_required, the_member
from tokens import handed, queries, services
from tokens.access import asked_period, gift_from, loan_of, period_or_404
from tokens.given_forms import LendForm, last_minute
from tokens.models import Loan
from tokens.views import back

PER_PAGE = 50
HISTORY_HEAD = ("time", "transaction", "kind", "pool", "resource", "account", "amount", "balance")
GIFTS_HEAD = (
    "period", "way", "giver", "giver_name", "receiver", "receiver_name", "pool", "resource",
    "count", "amount", "outstanding", "last",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
@member_required
def lend(request: HttpRequest) -> HttpResponse:
    """Lend own unused tokens to another member."""
    period = queries.current_period()
    if period is None:
        return back()
    first = {"key": uuid.uuid4().hex, "due_at": last_minute(period)}
    form = LendForm(period, request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid() and _lend(request, form):
        messages.success(request, _("Offered. The tokens move when the loan is accepted."))
        return back()
    status = 422 if form.errors else 200
    return render(request, "tokens/lend.html", {"form": form, "period": period}, status=status)


def _lend(request: HttpRequest, form: LendForm) -> bool:
    row, data, member = form.cleaned_data["yields"], form.cleaned_data, the_member(request)
    try:
        services.lend(
            lender=member,
            borrower=data["borrower"],
            pool=row.pool,
            resource=row.resource,
            amount=data["amount"],
            due_at=data["due_at"],
            actor=member.user,
            key=f"{member.pk}:{data['key']}",
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


LENDERS: dict[str, Callable[..., Loan]] = {"withdraw": services.withdraw_loan}
BORROWERS: dict[str, Callable[..., Loan]] = {
    "accept": services.accept_loan,
    "decline": services.decline_loan,
    "return": services.return_loan,
}


@require_POST
@member_required
def answer_loan(request: HttpRequest, loan_id: int, act: str) -> HttpResponse:
    """Accept, decline or return what one borrows; withdraw what one offered."""
    member = the_member(request)
    loan = loan_of(member, loan_id, borrowed=act in BORROWERS)
    try:
        done = {**LENDERS, **BORROWERS}[act](loan_id=loan.pk, actor=member.user)
        messages.success(request, said_of(done, act))
    except DomainError as error:
        messages.error(request, str(error))
    return back()


def said_of(loan: Loan, act: str) -> str:
    """What happened, in words."""
    if act == "return" and loan.outstanding:
        return _("What you could return is back; the rest is still outstanding.")
    words = {
        "accept": _("The tokens are yours to use until the loan returns."),
        "decline": _("The loan is declined."),
        "return": _("The loan is returned."),
        "withdraw": _("The loan is withdrawn."),
    }
    return words[act]


@require_POST
@member_required
def withdraw_gift(request: HttpRequest, gift_id: int) -> HttpResponse:
    """Take a gift back that nobody has accepted yet."""
    member = the_member(request)
    try:
        services.withdraw_gift(gift_id=gift_from(member, gift_id).pk, actor=member.user)
        messages.success(request, _("The gift is withdrawn."))
    except DomainError as error:
        messages.error(request, str(error))
    return back()


@require_GET
@member_required
def history(request: HttpRequest) -> HttpResponse:
    """Every movement of my tokens of a period, with the transaction that booked it."""
    period, member = asked_period(request.GET), the_member(request)
    context: dict[str, Any] = {"period": period, "periods": queries.periods()[:24]}
    if period is not None:
        entries = Paginator(handed.entries_of(member, period), PER_PAGE)
        page = entries.get_page(request.GET.get("page"))
        rows = list(handed.movements(member, period, page))
        context |= {"page": page, "rows": rows}
    return render(request, "tokens/history.html", context)


@require_GET
@member_required
def history_csv(request: HttpRequest) -> HttpResponse:
    """The same as a table for a spreadsheet, newest first."""
    period, member = asked_period(request.GET), the_member(request)
    response = csv_file("tokens" if period is None else f"tokens-{period.code}")
    rows = csv.writer(response)
    rows.writerow(HISTORY_HEAD)
    entries = [] if period is None else list(handed.entries_of(member, period))
    for m in handed.movements(member, period, entries) if period else ():
        row = m.book.yields
        rows.writerow([
            m.at.isoformat(), m.txn_id, text(m.kind), row.pool.code, row.resource.code,
            m.account, decimal(m.amount, 3), decimal(m.balance, 3),
        ])  # fmt: skip
    return response


def csv_file(name: str) -> HttpResponse:
    """An empty file of comma-separated values to download."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@require_GET
@auditor_required
def gifts(request: HttpRequest) -> HttpResponse:
    """Who gave and lent what to whom: of a period, and summed over time."""
    period = asked_period(request.GET)
    context = {
        "period": period,
        "periods": queries.periods()[:24],
        "rows": handed.handed_on("" if period is None else period.code),
        "pairs": handed.pairs(),
    }
    return render(request, "tokens/gifts.html", context)


@require_GET
@auditor_required
def gifts_csv(request: HttpRequest) -> HttpResponse:
    """The report of gifts and loans as a table; without a period, of all of them."""
    code = request.GET.get("period", "")
    period = period_or_404(code).code if code else ""
    response = csv_file(f"gifts-{period}" if period else "gifts")
    rows = csv.writer(response)
    rows.writerow(GIFTS_HEAD)
    for row in handed.handed_on(period):
        rows.writerow([
            row.period, row.way, row.giver, text(row.giver_name), row.receiver,
            text(row.receiver_name), row.pool, row.resource, row.count, decimal(row.amount, 3),
            decimal(row.outstanding, 3), row.last.isoformat(),
        ])  # fmt: skip
    return response
