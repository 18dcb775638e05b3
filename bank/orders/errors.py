"""What orders to the bank refuse."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NothingToOrder(DomainError):
    """A file needs something in it."""

    code = "nothing_to_order"
    text = _("Choose at least one. No file was made.")


class OwnAccountMissing(DomainError):
    """The bank must know whose account it is."""

    code = "own_account_missing"
    status = 409
    text = _("The cooperative has not named its bank account yet. No file was made.")


class CreditorMissing(DomainError):
    """Nobody collects without a creditor identifier."""

    code = "creditor_missing"
    status = 409
    text = _(
        "There is no valid creditor identifier: the operator sets COOP_CREDITOR_ID. "
        "No file was made."
    )


class DayTooEarly(DomainError):
    """A file is for a day that the members and the bank still have time for."""

    code = "day_too_early"
    text = _("The earliest day is %(day)s. No file was made.")

    def __init__(self, *, day: date) -> None:
        super().__init__(day=date_format(day, "DATE_FORMAT"))


class OrderedBefore(DomainError):
    """Nothing stands in two files."""

    code = "ordered_before"
    status = 409
    text = _("%(reference)s stands in another file already, or changed since. No file was made.")


class NotCollectable(DomainError):
    """A charge is collected while it is owed and a mandate holds."""

    code = "not_collectable"
    status = 409
    text = _("%(reference)s cannot be collected: it is not owed, or no mandate holds.")


class UnknownCollection(DomainError):
    """No collection carries this reference."""

    code = "unknown_collection"
    status = 404
    text = _("No direct debit carries the reference %(reference)s. Nothing was booked.")
