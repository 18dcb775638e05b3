"""What the simulations refuse."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class BadScenario(DomainError):
    """A text that is no scenario: where, and what would be right."""

    code = "bad_scenario"
    text = _("Line %(line)s: %(what)s")


class UnknownScenario(DomainError):
    """A ready-made scenario that does not exist."""

    code = "unknown_scenario"
    text = _("There is no such scenario. Choose one from the list.")


class NoMonth(DomainError):
    """A scenario in which nothing happens."""

    code = "no_month"
    text = _("The scenario has no month. Add a [[period]] with its month.")


class TextTooLong(DomainError):
    """A text beyond the bounds."""

    code = "scenario_too_long"
    text = _("The text is too long: at most %(most)s bytes are taken. Play it with simulate.")


class TooManyMembers(DomainError):
    """More members than a play on the site may have."""

    code = "too_many_members"
    text = _(
        "%(number)s members would take part; at most %(most)s are possible here. "
        "Play larger ones with simulate."
    )


class TooManyMonths(DomainError):
    """More months than a play on the site may have."""

    code = "too_many_months"
    text = _("%(number)s months are too many; at most %(most)s are possible here.")


class TooManyBooks(DomainError):
    """Members, resources and months are too many together."""

    code = "simulation_too_large"
    text = _(
        "Members × resources × months come to %(number)s; at most %(most)s are possible here. "
        "Take fewer months or fewer members."
    )


class TooManyRuns(DomainError):
    """A steward has enough runs under way."""

    code = "too_many_runs"
    status = 409
    text = _("%(most)s of your simulations wait or run already. Stop one or let it finish.")


class NotInThisState(DomainError):
    """What was asked does not fit the state of the run any more."""

    code = "simulation_state"
    status = 409
    text = _("This simulation is %(state)s: that cannot be done with it now. Nothing was changed.")


class UnknownYieldChanged(DomainError):
    """Changes that name a pool or resource that the scenario does not have."""

    code = "unknown_yield_changed"
    text = _("The scenario has no %(resource)s in the pool %(pool)s. Nothing was queued.")


class NotFinished(DomainError):
    """A result is asked for that is not there."""

    code = "simulation_not_finished"
    status = 409
    text = _("This simulation has no result yet.")
