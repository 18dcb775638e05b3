"""The reports of a treasurer, open to all as the books are: pages, CSV and PDF. Nothing writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET

from ledger.access import reader_of
from ledger.asof import TICK, BeforeTheCut
from ledger.chart import CHART, Place, place_of
from ledger.letterhead import pool_name
from ledger.models import Account
from ledger.reports import REPORTS, Asked, Report, build
from ledger.reports.csv_file import chart_csv, entries_csv, report_csv
from ledger.reports.entries import Listing, every_row, listing
from ledger.reports.forms import OWN_DAYS, ReportForm, RowsForm
from ledger.reports.pdf import day_text, report_pdf, statement_pdf
from ledger.reports.shape import Rows

COUNTING = ("trial-balance",)
"""reports of one commodity at a time, whichever is chosen"""
KEPT = ("kind", "pool", "commodity", "accounts", "side", "way", "part", "txn")
"""what a reader who changes the days of a listing keeps"""
TITLES = {
    "balance-sheet": _lazy("Balance sheet"),
    "income": _lazy("Income and expenditure"),
    "cash": _lazy("Cash movement"),
    "trial-balance": _lazy("Trial balance"),
    "members": _lazy("Member capital"),
}
MOST_NAMED = 3
"""kinds of account in the heading of a listing"""
MOST_IN_PDF = 5000
"""entries; a longer statement is for a spreadsheet"""


@dataclass(frozen=True)
class Answer:
    """A report, or what is wrong with the question."""

    form: ReportForm
    asked: Asked | None = None
    report: Report | None = None


@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    """Which reports there are."""
    return render(request, "ledger/reports/index.html", {"known": known_kinds()})


@require_GET
def chart(request: HttpRequest) -> HttpResponse:
    """The chart of accounts: every kind with its number and class."""
    kinds = known_kinds()
    used = [(place, place.kind in kinds) for place in CHART]
    context = {"places": used, "strange": strange(kinds)}
    return render(request, "ledger/reports/chart.html", context)


@require_GET
def chart_as_csv(request: HttpRequest) -> HttpResponseBase:
    """The chart of accounts as CSV, kinds without a place last."""
    kinds = known_kinds()
    return csv_response(chart_csv([*CHART, *strange(kinds)], kinds), "chart")


def strange(kinds: Iterable[str]) -> list[Place]:
    """The kinds that have no place in the chart."""
    return [place_of(kind) for kind in kinds if place_of(kind) not in CHART]


def known_kinds() -> list[str]:
    """The kinds of account that were ever opened."""
    return list(Account.objects.order_by("kind").values_list("kind", flat=True).distinct())


@require_GET
def report(request: HttpRequest, name: str) -> HttpResponse:
    """One report on the page."""
    answer = answer_to(request, name)
    context = {**vars(answer), "title": TITLES[name], **around(name, answer)}
    status = 200 if answer.report else 422
    return render(request, "ledger/reports/report.html", context, status=status)


def around(name: str, answer: Answer) -> dict[str, Any]:
    """Where a reader may go on from a report, and what stands above it."""
    data = answer.form.data
    more = data["period"] == OWN_DAYS or data["known"] or answer.form.errors
    if answer.asked is None:
        return {"more": more}
    asked, word = answer.asked, name.replace("-", "_")
    return {
        "more": more,
        "pool": pool_name(asked.pool),
        "before": asked.over(asked.span.before()),
        "after": asked.over(asked.span.after()),
        "pdf": f"{reverse(f'ledger:report_{word}_pdf')}?{asked.query()}",
        "csv": f"{reverse(f'ledger:report_{word}_csv')}?{asked.query()}",
    }


@require_GET
def as_csv(request: HttpRequest, name: str) -> HttpResponseBase:
    """One report as CSV."""
    answer = answer_to(request, name)
    if answer.report is None:
        return report(request, name)
    return csv_response(report_csv(answer.report), file_name(name, answer.asked))


@require_GET
def as_pdf(request: HttpRequest, name: str) -> HttpResponse:
    """One report as PDF."""
    answer = answer_to(request, name)
    if answer.report is None or answer.asked is None:
        return report(request, name)
    made = report_pdf(answer.report, answer.asked)
    return pdf_response(made, file_name(name, answer.asked))


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """The entries that a number sums, or an account's statement, page by page."""
    form = RowsForm(request.GET or None)
    page, which = listed(form)
    context: dict[str, Any] = {"form": form, "page": page, "which": which}
    context["kept"] = [(name, request.GET[name]) for name in KEPT if request.GET.get(name)]
    if page is not None and which is not None:
        context |= {
            "reader": reader_of(request.user),
            "heading": heading(which, page, request),
            "facts": facts_of(which),
            "one": len(page.accounts) == 1,
            "begun": form.cleaned_data["before"],
        }
    status = 422 if form.is_bound and page is None else 200
    return render(request, "ledger/reports/entries.html", context, status=status)


@require_GET
def entries_as_csv(request: HttpRequest) -> HttpResponseBase:
    """All entries of a listing as CSV, streamed."""
    form = RowsForm(request.GET or None)
    page, which = listed(form)
    if page is None or which is None:
        return entries(request)
    return csv_response(entries_csv(every_row(which), reader_of(request.user)), "entries")


@require_GET
def entries_as_pdf(request: HttpRequest) -> HttpResponse:
    """A statement as PDF; 404 where it is too long for one."""
    form = RowsForm(request.GET or None)
    page, which = listed(form)
    if page is None or which is None:
        return entries(request)
    found = list(islice(every_row(which), MOST_IN_PDF + 1))
    if len(found) > MOST_IN_PDF:
        raise Http404(_("Too many entries for a PDF: take the CSV file."))
    title, facts = heading(which, page, request), facts_of(which)
    made = statement_pdf(title, page, found, facts, reader_of(request.user), which.window.known)
    return pdf_response(made, "statement")


def answer_to(request: HttpRequest, name: str) -> Answer:
    """The report that the query asks for; raises Http404 for one that there is not."""
    if name not in REPORTS:
        raise Http404
    form = ReportForm(request.GET, counts=name in COUNTING)
    if not form.is_valid():
        return Answer(form)
    asked = form.asked(reader_of(request.user))
    try:
        return Answer(form, asked, build(name, asked))
    except BeforeTheCut as refusal:
        form.add_error(None, str(refusal))
        return Answer(form, asked)


def listed(form: RowsForm) -> tuple[Listing | None, Rows | None]:
    """The page of entries that a form asks for, None where it is refused."""
    if not form.is_valid():
        return None, None
    which = form.rows()
    try:
        return listing(which, form.cleaned_data["before"]), which
    except BeforeTheCut as refusal:
        form.add_error(None, str(refusal))
        return None, which


def heading(which: Rows, page: Listing, request: HttpRequest) -> str:
    """What the entries are of, in words that the reader may read."""
    if len(page.accounts) == 1:
        account = Account.objects.get(pk=page.accounts[0])
        owner = reader_of(request.user).label(account.owner)
        values = {"account": place_of(account.kind).label, "owner": owner}
        return _("%(account)s: %(owner)s") % values if owner else str(values["account"])
    names = dict.fromkeys(str(place_of(kind).label) for kind in which.kinds)
    few = ", ".join(names) if len(names) <= MOST_NAMED else ""
    return few or _("Entries of several accounts")


def facts_of(which: Rows) -> list[tuple[str, str]]:
    """The limits of a listing in words."""
    window = which.window
    ends = ((_("First day"), window.start), (_("Last day"), window.end and window.end - TICK))
    return [(name, day_text(moment)) for name, moment in ends if moment]


def file_name(name: str, asked: Asked | None) -> str:
    """What a download is called, without its ending."""
    if asked is None:
        return name
    span = asked.span
    code = span.code or f"{span.start.isoformat()}-{span.last.isoformat()}"
    return "-".join(filter(None, (name, asked.pool, code)))


def csv_response(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """A CSV file to be saved."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def pdf_response(made: bytes, name: str) -> HttpResponse:
    """A PDF to be read."""
    headers: dict[str, Any] = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)
