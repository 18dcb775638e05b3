"""A statement as a tagged PDF, with a bank transfer and its code for what is still open."""

from typing import Any

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ledger.typesetting import Format, typeset
from members.queries import cooperative
from payments import references
from payments.models import Charge
from payments.statements.build import MemberStatement
from payments.statements.words import day_text, in_words, line_text, span_text
from payments.transfers import transfer_for

TEMPLATE = "payments/pdf/statement.typ"


def statement_pdf(statement: MemberStatement, *, form: Format = "pdf") -> bytes:
    """The statement in the language that is active; with the form "png" its first page."""
    member = statement.member
    return typeset(
        TEMPLATE,
        {
            "language": (get_language() or "en")[:2],
            "mark": formats.get_format("DECIMAL_SEPARATOR"),
            "currency": settings.COOP_CURRENCY,
            "cooperative": cooperative().legal_name,
            "title": _("Statement %(span)s") % {"span": span_text(statement)},
            "to": [member.name, *member.address.splitlines()],
            "number": _("Member %(number)s") % {"number": member.number or "–"},
            "words": _words(),
            "opening": statement.opening,
            "closing": statement.closing,
            "prepaid": statement.prepaid,
            "lines": [_line(line) for line in reversed(statement.lines)],
            "payouts": [
                {"day": _day(row.executed_on), "what": row.about, "paid": row.amount}
                for row in reversed(statement.payouts)
            ],
            "open": [_open(charge) for charge in statement.open],
        },
        form=form,
    )


def _words() -> dict[str, str]:
    made = day_text(timezone.localdate())
    return {
        "day": _("Date"), "what": _("What"), "charged": _("Charged"), "paid": _("Paid"),
        "balance": _("Owed after it"), "opening": _("Owed before"), "closing": _("Owed after"),
        "prepaid": _("Prepaid balance"), "payouts": _("Paid out to you"),
        "open": _("Still to be paid"), "due": _("due"), "payee": _("Payee"),
        "reference": _("Reference"), "amount": _("Amount"), "nothing": _("Nothing happened."),
        "made": _("Made on %(day)s") % {"day": made}, "page": _("Page"), "of": _("of"),
        "code": _("Code for your banking app, with all that stands beside it"),
        "happened": _("Charged and paid"),
    }  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    return {
        "day": _day(line.day),
        "what": line_text(line),
        "reference": references.spaced(line.charge.reference),
        "charged": line.charged or None,
        "paid": line.paid or None,
        "balance": line.balance,
    }


def _open(charge: Charge) -> dict[str, Any]:
    transfer = transfer_for(charge)
    return {
        "what": in_words(charge),
        "due": _day(charge.due),
        "amount": charge.amount,
        "payee": transfer.name,
        "iban": transfer.iban,
        "bic": transfer.bic,
        "reference": transfer.reference,
        "qr": _with_size(str(transfer.qr)),
    }


def _with_size(svg: str) -> str:
    """The code as a picture that stands alone: inline in a page it needs no namespace."""
    if not svg or "xmlns" in svg:
        return svg
    return svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)


def _day(day: Any) -> str:
    return formats.date_format(day, _("j M Y")) if day else ""
