"""What payments refuse."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class UnknownReference(DomainError):
    """No charge carries this reference."""

    code = "unknown_reference"
    status = 404
    text = _("No charge carries the reference %(reference)s. Nothing was booked.")


class WrongAmount(DomainError):
    """A payment must be the sum of its charge, to the cent."""

    code = "wrong_amount"
    text = _("The charge is %(expected)s, but %(given)s was entered. Nothing was booked.")

    def __init__(self, *, expected: int, given: int) -> None:
        super().__init__(expected=cents_text(expected), given=cents_text(given))


class AlreadyPaid(DomainError):
    """A charge is paid once."""

    code = "already_paid"
    status = 409
    text = _("The charge %(reference)s was paid before. Nothing was booked.")


class ChargeCancelled(DomainError):
    """A cancelled charge takes no money."""

    code = "charge_cancelled"
    status = 409
    text = _("The charge %(reference)s was cancelled: send the money back. Nothing was booked.")


class NotYetReceived(DomainError):
    """Money cannot have arrived on a day that is still to come."""

    code = "not_yet_received"
    text = _("The day of arrival lies in the future. Nothing was booked.")


class ReceivedTooEarly(DomainError):
    """Money for a charge cannot have arrived before there was the charge."""

    code = "received_too_early"
    text = _("The charge was raised on %(since)s; its money cannot have arrived before that day.")

    def __init__(self, *, since: date) -> None:
        super().__init__(since=date_format(since, "DATE_FORMAT"))


class EmptyCharge(DomainError):
    """A charge must be for something."""

    code = "empty_charge"
    text = _("A charge must be for more than nothing.")


def cents_text(cents: int) -> str:
    """Cents with two decimals, as a person types them."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"
