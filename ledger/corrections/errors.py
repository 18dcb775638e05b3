"""Why a correction is refused."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NotCorrectable(DomainError):
    """Rows of other apps rest on this transaction; the text says what to do instead."""

    code = "not_correctable"
    status = 409
    text = _("A reversal is never corrected: correct what was booked in its place.")


class NothingChanges(DomainError):
    """The correction says what is booked already."""

    code = "nothing_changes"
    text = _("This is what is booked already. Change the time or an amount.")


class NotYet(DomainError):
    """A correction cannot count from a moment that has not come."""

    code = "not_yet"
    text = _("It cannot count from a moment that has not come yet.")


class NotByHand(DomainError):
    """The new entries move an account that other things rest on."""

    code = "not_by_hand"
    text = _("Entries by hand move cash, costs, backing and reserves only.")
