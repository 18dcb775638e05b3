"""What the lines of a statement say, as the pages say it."""

from html import unescape

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from payments.models import Charge
from payments.queries import StatementLine
from payments.statements.build import MemberStatement


def in_words(charge: Charge) -> str:
    """What a charge is for."""
    return unescape(render_to_string("payments/parts/what.html", {"charge": charge})).strip()


def line_text(line: StatementLine) -> str:
    """What a line says: the charge, or the payment of it."""
    what = in_words(line.charge)
    return what if line.charged else _("Payment: %(what)s") % {"what": what}


def span_text(statement: MemberStatement) -> str:
    """From when to when it goes."""
    words = {
        "start": date_format(statement.start, "DATE_FORMAT") if statement.start else "",
        "end": date_format(statement.end, "DATE_FORMAT") if statement.end else "",
    }
    if statement.start and statement.end:
        return _("%(start)s to %(end)s") % words
    if statement.start:
        return _("since %(start)s") % words
    return _("up to %(end)s") % words if statement.end else _("from the beginning")
