"""Why a sanction, an appeal or a panel does not go on."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NotAgainstYourself(DomainError):
    """Nobody decides about a sanction against themselves (R18)."""

    code = "not_against_yourself"
    status = 403
    text = _("Nobody decides about a sanction against themselves. Another steward can.")


class LadderSkipped(DomainError):
    """A step of the ladder needs the one below it, within the time that policy says (R19)."""

    code = "ladder_skipped"
    status = 409
    text = _("First comes a %(step)s: none in the last %(days)s days stands against this member.")


class SanctionTooLong(DomainError):
    """Every sanction ends by itself, within the time that policy gives its step (R19)."""

    code = "sanction_too_long"
    text = _("Say until when: a moment to come, at most %(days)s days from now.")


class SanctionRuns(DomainError):
    """The same step is not put on twice at once."""

    code = "sanction_runs"
    status = 409
    text = _("This member has a %(step)s that still runs.")


class NotSanctionable(DomainError):
    """Sanctions are against active members."""

    code = "not_sanctionable"
    status = 409
    text = _("%(name)s is “%(state)s”: this step is only for active members.")


class NothingSanctioned(DomainError):
    """A sanction that is over cannot be appealed against or ended."""

    code = "nothing_sanctioned"
    status = 409
    text = _("This sanction is over.")


class AppealTooLate(DomainError):
    """An appeal is made within the time that policy says."""

    code = "appeal_too_late"
    status = 409
    text = _("An appeal had to be made within %(days)s days.")


class NobodyToDraw(DomainError):
    """A panel needs members who are not involved."""

    code = "nobody_to_draw"
    status = 409
    text = _("There is nobody whom the lot could fall on: all members are involved.")


class NotOnPanel(DomainError):
    """Whom the lot drew votes, once, while the panel sits."""

    code = "not_on_panel"
    status = 403
    text = _("You are not on this panel, or you have answered, or its time is over.")


class ReasonNeeded(DomainError):
    """What is decided about somebody has reasons, in words."""

    code = "reason_needed"
    text = _("Give the reason in words: those whom it concerns read it.")
