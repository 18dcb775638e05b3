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


class PrepaidTooLow(DomainError):
    """Nothing is taken from a balance that is not there."""

    code = "prepaid_too_low"
    status = 409
    text = _("The prepaid balance is %(there)s, and %(needed)s is needed. Nothing was booked.")

    def __init__(self, *, there: int, needed: int) -> None:
        super().__init__(there=cents_text(there), needed=cents_text(needed))


class NotFromPrepaid(DomainError):
    """A top-up of a balance is not paid from that balance."""

    code = "not_from_prepaid"
    text = _("A prepaid balance cannot be topped up from itself. Nothing was booked.")


class AlreadyTakenBack(DomainError):
    """The money of a payment goes back once."""

    code = "already_taken_back"
    status = 409
    text = _("The payment of %(reference)s was taken back before. Nothing was booked.")


class CannotTakeBack(DomainError):
    """What a payment brought has been used or passed on."""

    code = "cannot_take_back"
    status = 409
    text = _(
        "What the payment of %(reference)s brought was used or passed on since, so it cannot be "
        "taken back. Talk to the member. Nothing was booked."
    )


def cents_text(cents: int) -> str:
    """Cents with two decimals, as a person types them."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02}"


class UnknownPayout(DomainError):
    """No payout carries this reference."""

    code = "unknown_payout"
    status = 404
    text = _("No payout carries the reference %(reference)s. Nothing was booked.")


class PayoutAmount(DomainError):
    """A payout is executed to the cent."""

    code = "payout_amount"
    text = _("The payout is %(expected)s, but %(given)s was given. Nothing was booked.")

    def __init__(self, *, expected: int, given: int) -> None:
        super().__init__(expected=cents_text(expected), given=cents_text(given))


class PayoutState(DomainError):
    """A step that does not follow from where the payout stands."""

    code = "payout_state"
    status = 409
    text = _("The payout %(reference)s is in the state “%(state)s”. Nothing was booked.")


class NotYetExecuted(DomainError):
    """A payout leaves the bank between its request and today."""

    code = "not_yet_executed"
    text = _("The day must lie between the request of the payout and today.")


class PayoutNotCancellable(DomainError):
    """There is nowhere for the sum to go back to."""

    code = "payout_not_cancellable"
    status = 409
    text = _("What %(reference)s is paid for cannot be taken back. It stays to be paid.")


class AccountMissing(DomainError):
    """Nobody can be paid without an account."""

    code = "account_missing"
    status = 409
    text = _("The member has not named a bank account yet. Ask them to do so.")


class ApprovalRefused(DomainError):
    """An approval that does not count."""

    code = "approval_refused"
    status = 409
    text = _(
        "This approval does not count: the sum or the account is not the one shown, or you are "
        "the payee, or no treasurer. Look at the payout again."
    )


class ReasonNeeded(DomainError):
    """What somebody else decides about a member needs its reason."""

    code = "reason_needed"
    text = _("Give the reason: the member reads it.")


class NotAnIban(DomainError):
    """An account needs a holder's name, an IBAN and perhaps a BIC that pass their own checks."""

    code = "not_an_iban"
    text = _(
        "This is no account: give the holder’s name, and copy IBAN and BIC again, letter by letter."
    )


class NotTheirs(DomainError):
    """Only the member themselves may do this."""

    code = "not_theirs"
    status = 403
    text = _("Only the member can do this, signed in as themselves.")


class MandateEnded(DomainError):
    """Nothing happens under a mandate that has ended."""

    code = "mandate_ended"
    status = 409
    text = _("The mandate %(reference)s has ended. Give a new one.")
