"""What can be decided about a line, in words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bank.models import WAITING, Decision, Line

Kind = Decision.Kind


@dataclass(frozen=True)
class Choice:
    """One decision: what it is called, when it fits, what it books."""

    kind: str
    verb: str | Promise
    fits: str | Promise
    books: str | Promise


CHARGES = Choice(
    Kind.CHARGES,
    _("Assign to charges"),
    _("It pays one or several charges, whole."),
    _(
        "Each charge is paid with all that follows: less owed, or shares and a title. What is left "
        "goes onto the member’s prepaid balance."
    ),
)
PREPAID = Choice(
    Kind.PREPAID,
    _("Put on a prepaid balance"),
    _("It is a member’s money, but fits no charge."),
    _("All of it goes onto the balance; then what the member owes and it covers is paid from it."),
)
REFUND = Choice(
    Kind.REFUND,
    _("Send it back"),
    _("A member sent too much, or twice."),
    _("It is owed to the member, and a payout waits for its approvals."),
)
IN_BOOKS = Choice(
    Kind.IN_BOOKS,
    _("It is in the books already"),
    _("A payment marked by hand, a bill whose cost was booked, the payout of a payment service."),
    _("The line is taken off the bank’s account again, so that the money is not counted twice."),
)
FEE = Choice(
    Kind.FEE,
    _("Bank fee"),
    _("The bank took a fee, or gave one back."),
    _("It becomes expenditure of the cooperative."),
)
RETURN = Choice(
    Kind.RETURN,
    _("It takes an earlier line back"),
    _("A returned transfer, a refused direct debit, a mistake of the bank."),
    _("What the earlier line paid is taken back and open again; the two lines cancel out."),
)
NOT_OURS = Choice(
    Kind.NOT_OURS,
    _("Not ours"),
    _("The bank or somebody else made a mistake and will take it back."),
    _("Nothing is booked: the money stays aside as not assigned."),
)


def choices_for(line: Line) -> list[Choice]:
    """What a treasurer can decide about a line; nothing where it does not wait."""
    if line.state not in WAITING:
        return []
    if line.amount > 0:
        return [CHARGES, PREPAID, REFUND, IN_BOOKS, RETURN, FEE, NOT_OURS]
    return [IN_BOOKS, FEE, RETURN, NOT_OURS]
