"""What the books refuse, and the base of every refusal on the site."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that a person can act on: a stable `code`, a translatable text."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    text: ClassVar[Promise | str] = _("This cannot be done.")

    def __init__(self, message: object = None, **values: object) -> None:
        self.values = values
        self.message = self.text if message is None else message
        super().__init__(message)

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.values if self.values else text


class Unbalanced(DomainError):
    """The entries of a transaction do not sum to zero per commodity."""

    code = "unbalanced"
    text = _("The entries of a transaction must sum to zero for each commodity.")


class InsufficientBalance(DomainError):
    """An account that may not go below its floor would do so."""

    code = "insufficient"
    status = 409
    text = _("There is not enough left for this. Nothing was booked.")


class KeyConflict(DomainError):
    """An idempotency key came back with other content."""

    code = "key_conflict"
    status = 409
    text = _("This key was used before with other content. Nothing was booked.")


class UnknownAccount(DomainError):
    """An entry names an account that does not exist."""

    code = "unknown_account"
    text = _("An entry names an account that does not exist. Nothing was booked.")


class AmountTooLarge(DomainError):
    """An amount, or a balance after it, does not fit into the 64 bits that the books have."""

    code = "amount_too_large"
    text = _("The amounts are too large for the books. Nothing was booked.")


class ImplausibleMoment(DomainError):
    """A transaction would count before 1900 or after 8999."""

    code = "implausible_moment"
    text = _("A transaction must count at a moment of our time. Look at the year.")


class AlreadyReversed(DomainError):
    """The transaction was taken back before."""

    code = "already_reversed"
    status = 409
    text = _("This was taken back already. Correct what was booked in its place.")


class NotTheOpposite(DomainError):
    """A reversal must move exactly what its original moved, the other way round."""

    code = "not_the_opposite"
    text = _("A reversal must be the exact opposite of what it takes back. Nothing was booked.")
