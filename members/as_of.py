"""The register as of any day: counts for everybody, names for those who keep or audit it."""

import csv
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ledger.exports.spreadsheet import safe
from ledger.typesetting import typeset
from members.access import register_reader_required
from members.forms import AsOfForm
from members.queries import cooperative, is_auditor
from members.registers import Entry, counts_at, members_at, register_at
from members.transitions import MEMBERS

PAGE = 50


@dataclass(frozen=True)
class Asked:
    """Which register was asked for: of a day, as known at a moment, members or everybody."""

    day: date
    known: datetime | None
    everybody: bool

    def entries(self, **paging: Any) -> list[Entry]:
        """Who stands on it."""
        read = register_at if self.everybody else members_at
        return read(self.day, self.known, **paging)

    @property
    def title(self) -> str:
        """What the document is called."""
        return _("Register of members") if self.everybody else _("List of members")

    @property
    def name(self) -> str:
        """What a download is called, without its ending."""
        kind = "register" if self.everybody else "members"
        return f"{kind}-{self.day.isoformat()}"


def asked_by(form: AsOfForm) -> Asked:
    """What the form asks for: today's list of members where it says nothing."""
    said = form.cleaned_data if form.is_valid() else {}
    day = said.get("day") or timezone.localdate()
    return Asked(day, said.get("known"), said.get("whom") == "all")


@require_GET
def as_of(request: HttpRequest) -> HttpResponse:
    """How many members there were on a day; by name for those who keep or audit the register."""
    form = AsOfForm(request.GET or None)
    asked = asked_by(form)
    numbers = counts_at(asked.day, asked.known)
    context: dict[str, Any] = {"form": form, "asked": asked, "numbers": numbers}
    context["total"] = sum(numbers.get(state, 0) for state in MEMBERS)
    context["ended"] = sum(numbers.values()) - context["total"]
    if is_auditor(request.user):
        context |= page_of(asked, request.GET.get("after", ""))
    return render(request, "members/as_of.html", context)


def page_of(asked: Asked, after: str) -> dict[str, Any]:
    """One page of names, and the number after which the next one goes on."""
    start = int(after) if after.isdecimal() else 0
    rows = asked.entries(after=start, limit=PAGE + 1)
    further = rows[PAGE - 1].number if len(rows) > PAGE else None
    return {"rows": rows[:PAGE], "further": further, "begun": start > 0, "named": True}


@require_GET
@register_reader_required
def as_csv(request: HttpRequest) -> HttpResponse:
    """The register of a day as a table for a spreadsheet."""
    asked = asked_by(AsOfForm(request.GET or None))
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(columns())
    rows.writerows([safe(cell) for cell in cells(entry)] for entry in asked.entries())
    return HttpResponse(
        text.getvalue(),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{asked.name}.csv"'},
    )


@require_GET
@register_reader_required
def as_pdf(request: HttpRequest) -> HttpResponse:
    """The register of a day to print and sign."""
    asked = asked_by(AsOfForm(request.GET or None))
    made = typeset("members/pdf/register.typ", document(asked))
    headers = {"Content-Disposition": f'inline; filename="{asked.name}.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


def columns() -> list[str]:
    """The heads of the table, in order of `cells`."""
    return [
        _("No."),
        _("Name"),
        _("As"),
        _("Address"),
        _("Admitted"),
        _("State"),
        _("Ended"),
        _("Reason"),
    ]


def cells(entry: Entry) -> list[str]:
    """One member as a row of text; days as in ISO 8601."""
    return [
        str(entry.number),
        entry.name,
        entry.kind_name,
        ", ".join(entry.address.splitlines()),
        entry.admitted_on.isoformat(),
        entry.state_name,
        entry.ended_on.isoformat() if entry.ended_on else "",
        entry.reason_name,
    ]


def document(asked: Asked) -> dict[str, Any]:
    """What the PDF says."""
    rows = [cells(entry) for entry in asked.entries()]
    known = timezone.localtime(asked.known)
    return {
        "title": asked.title,
        "cooperative": cooperative().legal_name,
        "language": get_language(),
        "facts": [
            (_("As it was on"), date_format(asked.day)),
            (_("As known at"), date_format(known, "DATETIME_FORMAT")),
            (_("Entries"), str(len(rows))),
        ],
        "columns": columns(),
        "rows": rows,
        "nothing": _("Nobody stood on it."),
        "page": _("Page"),
        "of": _("of"),
        "signature": _("Place, day, signature of the board"),
    }
