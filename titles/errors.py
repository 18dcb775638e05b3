"""What ownership refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class NotAMember(DomainError):
    """Only an admitted member can own a share."""

    code = "not_a_member"
    text = _("Only an admitted member can buy shares; %(name)s is not one.")


class PoolClosed(DomainError):
    """A pool can be closed to purchases by decision."""

    code = "pool_closed"
    status = 409
    text = _("%(pool)s is not open for purchases at present.")


class BelowMinimum(DomainError):
    """A purchase has a smallest size."""

    code = "below_minimum"
    text = _("The smallest purchase is %(minimum)s shares.")


class BeyondTreasury(DomainError):
    """More units are wanted than nobody owns or has reserved."""

    code = "beyond_treasury"
    status = 409
    text = _("%(possible)s shares are free at present; ask for no more than that.")


class BeyondCap(DomainError):
    """A member may hold so large a part of a pool and no larger one."""

    code = "beyond_cap"
    status = 409
    text = _(
        "A member may hold at most %(cap)s shares of this pool. "
        "You hold or have reserved %(held)s, so you can ask for %(possible)s more."
    )


class NotReserved(DomainError):
    """What was paid or cancelled cannot be cancelled again."""

    code = "not_reserved"
    status = 409
    text = _("This purchase is not waiting for payment any more.")


class UnknownTitle(DomainError):
    """No title has this number."""

    code = "unknown_title"
    status = 404
    text = _("No title has the number %(number)s.")


class TooFewUnits(DomainError):
    """Nobody can part with more than they hold, and nothing is cut down to what is there."""

    code = "too_few_units"
    status = 409
    text = _("%(asked)s shares were asked for, but the titles hold %(held)s. Nothing was done.")
