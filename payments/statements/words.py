"""What the lines of a statement say, as the pages say it."""

from datetime import date
from html import unescape

from django.template.loader import render_to_string
from django.utils import timezone
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
    """From when to when it goes; without an end, up to today."""
    end = statement.end or timezone.localdate()
    if statement.start is None:
        return _("up to %(end)s") % {"end": day_text(end)}
    return _("%(start)s to %(end)s") % {"start": day_text(statement.start), "end": day_text(end)}


def day_text(day: date) -> str:
    """A day, in the language of the reader."""
    return date_format(day, _("j F Y"))
