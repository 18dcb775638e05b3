"""What the ways out of ownership refuse."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class RedemptionSuspended(DomainError):
    """A pool takes nothing back while a decision says so."""

    code = "redemption_suspended"
    status = 409
    text = _("%(pool)s takes no shares back at present. Requests keep their place.")


class NothingToRedeem(DomainError):
    """A request needs something to give back."""

    code = "nothing_to_redeem"
    text = _("There is nothing here that could be given back.")


class CreditTooYoung(DomainError):
    """Credit is paid out only when it has waited long enough to become units."""

    code = "credit_too_young"
    status = 409
    text = _("%(asked)s cents were asked for, but only %(old)s have waited long enough to be paid.")


class CreditQueued(DomainError):
    """One request for a payout of credit waits at a time."""

    code = "credit_queued"
    status = 409
    text = _("A payout of this credit waits already. Withdraw that request first.")


class NotWaiting(DomainError):
    """What was served or withdrawn cannot be withdrawn."""

    code = "not_waiting"
    status = 409
    text = _("This request does not wait any more.")


class ReasonNeeded(DomainError):
    """Who is served earlier than others is told to all who wait, with the reason."""

    code = "reason_needed"
    text = _("Say in a sentence why this request is served before others.")


class AlreadyLeaving(DomainError):
    """One way out at a time."""

    code = "already_leaving"
    status = 409
    text = _("%(name)s is leaving already.")


class CannotLeave(DomainError):
    """Only a member can leave."""

    code = "cannot_leave"
    status = 409
    text = _("%(name)s cannot leave: the state is “%(state)s”.")


class NoticeOver(DomainError):
    """A leaving can be taken back until its notice is over."""

    code = "notice_over"
    status = 409
    text = _("The notice is over; this can no longer be taken back.")


class WrongPlan(DomainError):
    """A leaver says for each pool what becomes of its shares."""

    code = "wrong_plan"
    text = _("Say for each pool whether your shares are given back or passed on.")


class NotOpen(DomainError):
    """Only what is owed can be written off."""

    code = "not_open"
    status = 409
    text = _("The charge %(reference)s is not open: there is no debt to write off.")
