"""A statement as a table for a spreadsheet."""

import csv
from io import StringIO

from django.utils.translation import gettext as _

from ledger.exports.spreadsheet import safe
from payments.errors import cents_text
from payments.statements.build import MemberStatement
from payments.statements.words import line_text


def statement_csv(statement: MemberStatement) -> str:
    """The lines oldest first, between the balance before and after them; RFC 4180."""
    made = StringIO()
    rows = csv.writer(made)
    head = [_("Date"), _("What"), _("Reference"), _("Charged"), _("Paid"), _("Owed after it")]
    rows.writerow(head)
    if statement.start is not None:
        before = [statement.start, _("Owed before"), "", "", "", cents_text(statement.opening)]
        rows.writerow(before)
    for line in reversed(statement.lines):
        sums = (cents_text(cents) for cents in (line.charged, line.paid, line.balance))
        rows.writerow([line.day, safe(line_text(line)), line.charge.reference, *sums])
    for payout in reversed(statement.payouts):
        paid = cents_text(payout.amount)
        about = safe(payout.about)
        rows.writerow([payout.executed_on, about, payout.reference, "", f"-{paid}", ""])
    return made.getvalue()
