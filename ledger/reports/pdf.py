"""Reports and statements as PDF, set by Typst with the fonts that come with it.

What is set reaches Typst as data (one JSON document), never as markup: a name cannot become a
command. Amounts are integers of the smallest unit; the document writes them out.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import typst
from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ledger.access import Reader
from ledger.labels import transaction_kind
from ledger.letterhead import letterhead, pool_name
from ledger.models import Checkpoint
from ledger.reports.asked import Asked
from ledger.reports.entries import Listing, Row
from ledger.reports.shape import Cell, Line, Report, Table

DOCUMENT = settings.BASE_DIR / "templates/ledger/pdf/report.typ"
WIDE = 4
"""from so many columns of numbers on, the page lies on its side"""
Format = Literal["pdf", "png"]


def report_pdf(report: Report, asked: Asked, *, form: Format = "pdf") -> bytes:
    """A report as an A4 document; with the form "png" its first page as a picture."""
    facts = [(_("Period"), asked.heading), *_pool_facts(asked.pool)]
    return _set(report.title, facts, asked.known, _tables(report), _notes(report), form)


def statement_pdf(
    title: str, page: Listing, found: Sequence[Row], facts: Sequence[tuple[str, str]],
    reader: Reader, known: datetime | None, *, form: Format = "pdf",
) -> bytes:  # fmt: skip
    """The entries of an account, the newest first, with the balance after each."""
    return _set(title, facts, known, [_statement(page, found, reader)], [], form)


def _set(
    title: str,
    facts: Sequence[tuple[str, str]],
    known: datetime | None,
    tables: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    form: Format,
) -> bytes:
    now = timezone.now()
    facts = [*facts, (_("As known at"), written(known or now)), *_sealed(known)]
    data = {
        "title": title,
        "cooperative": letterhead().cooperative,
        "language": (get_language() or "en")[:2],
        "mark": formats.get_format("DECIMAL_SEPARATOR"),
        "facts": facts,
        "tables": tables,
        "notes": notes,
        "foot": _("Made %(moment)s") % {"moment": written(now)},
        "page": _("Page"),
        "of": _("of"),
        "less": _("less"),
        "nothing": _("Nothing stood in these accounts."),
        "wide": any(len(table["columns"]) >= WIDE for table in tables),
    }
    inputs = {"data": json.dumps(data)}
    made = typst.compile(
        DOCUMENT, format=form, ppi=110, sys_inputs=inputs, ignore_system_fonts=True
    )
    return made[0] if isinstance(made, list) else made


def written(moment: datetime) -> str:
    """A moment to the minute, in the language and timezone of the reader."""
    local = timezone.localtime(moment)
    day = formats.date_format(local, _("j F Y, H:i"))
    return f"{day} {local.tzname()}"


def day_text(moment: datetime) -> str:
    """The day of a moment, in the language and timezone of the reader."""
    return formats.date_format(timezone.localtime(moment), _("j F Y"))


def _pool_facts(pool: str) -> list[tuple[str, str]]:
    return [(_("Pool"), pool_name(pool) or _("All pools together"))]


def _sealed(known: datetime | None) -> list[tuple[str, str]]:
    """The checkpoint of the log that covered the books by then, if there is one."""
    found = Checkpoint.objects.order_by("-size")
    if known is not None:
        found = found.filter(sealed_at__lte=known)
    size = found.values_list("size", flat=True).first()
    return [] if size is None else [(_("Sealed up to checkpoint"), str(size))]


def _tables(report: Report) -> list[dict[str, Any]]:
    return [_table(table) for table in report.tables]


def _table(table: Table) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "columns": [
            {"label": column.label, "exponent": column.commodity.exponent}
            for column in table.columns
        ],
        "codes": sorted({column.commodity.code for column in table.columns
                         if column.commodity.kind == "money"}),
        "lines": [_line(line) for line in table.lines],
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return {
        "number": "" if line.number is None else str(line.number),
        "label": line.label,
        "note": line.pool_name,
        "weight": line.weight,
        "cells": [_amount(cell) for cell in line.cells],
    }


def _amount(cell: Cell | None) -> int | None:
    return None if cell is None else cell.amount


def _notes(report: Report) -> list[str]:
    checks = [
        check.text if check.holds else _("This does not hold: %(what)s") % {"what": check.text}
        for check in report.checks
    ]
    return [*checks, *report.notes]


def _statement(page: Listing, found: Sequence[Row], reader: Reader) -> dict[str, Any]:
    commodity = page.commodity
    exponent = commodity.exponent if commodity else 0
    lines = [_entry(row, reader) for row in found]
    if page.closing is not None:
        lines.insert(0, _balance(_("Balance at the end"), page.closing))
    if page.opening is not None:
        lines.append(_balance(_("Balance at the beginning"), page.opening))
    return {
        "caption": _("Entries, the newest first"),
        "columns": [
            {"label": _("Amount"), "exponent": exponent},
            {"label": _("Balance after it"), "exponent": exponent},
        ],
        "codes": [commodity.code] if commodity and commodity.kind == "money" else [],
        "lines": lines,
    }


def _entry(row: Row, reader: Reader) -> dict[str, Any]:
    late = _("recorded %(moment)s") % {"moment": written(row.recorded_at)} if row.late else ""
    day = timezone.localtime(row.effective_at).date()
    return {
        "number": formats.date_format(day, _("j M Y")),
        "label": f"{transaction_kind(row.kind)}, {row.txn}",
        "note": late,
        "weight": "line",
        "cells": [row.amount, row.balance],
    }


def _balance(label: str, amount: int) -> dict[str, Any]:
    return {"number": "", "label": label, "note": "", "weight": "sum", "cells": [None, amount]}
