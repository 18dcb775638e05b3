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


class CarriedTooMuch(DomainError):
    """A pool is closed to purchases while too much of its cost is carried over."""

    code = "carried_too_much"
    status = 409
    text = _(
        "Shares of %(pool)s cannot be bought at present: more of the cost of %(resource)s is"
        " carried over than the rules allow. They can again when a close has brought it back."
    )


class BelowMinimum(DomainError):
    """A purchase has a smallest size."""

    code = "below_minimum"
    text = _("The smallest purchase is %(minimum)s shares.")


class AboveMaximum(DomainError):
    """A purchase has a largest size."""

    code = "above_maximum"
    text = _("The largest purchase is %(maximum)s shares.")


class NotInSteps(DomainError):
    """Shares may be sold in steps only."""

    code = "not_in_steps"
    text = _("Shares of this pool are sold in steps of %(step)s.")


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
        "%(held)s are held or on their way already, so %(possible)s more are possible."
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


class UnitsBound(DomainError):
    """What is promised to somebody is promised to nobody else."""

    code = "units_bound"
    status = 409
    text = _(
        "%(bound)s of these shares are offered to somebody or on their way back already; "
        "%(possible)s can be passed on."
    )


class TransfersClosed(DomainError):
    """A pool can be closed to transfers by decision."""

    code = "transfers_closed"
    status = 409
    text = _("Shares of %(pool)s cannot be passed on between members at present.")


class LockedUp(DomainError):
    """Shares stay with whoever acquired them for a time that the policy sets."""

    code = "locked_up"
    status = 409
    text = _("These shares can be passed on from %(day)s; choose older titles, or wait.")


class CannotGive(DomainError):
    """Whoever is suspended or gone passes nothing on."""

    code = "cannot_give"
    status = 409
    text = _("Only a member in good standing can pass on shares.")


class CannotReceive(DomainError):
    """Only an active member can be given shares."""

    code = "cannot_receive"
    status = 409
    text = _("Shares can go to an active member only. Check the number or the code.")


class ToOneself(DomainError):
    """Giver and receiver are two."""

    code = "to_oneself"
    text = _("You cannot pass shares on to yourself.")


class NotOffered(DomainError):
    """An offer is answered once."""

    code = "not_offered"
    status = 409
    text = _("This offer does not wait for an answer any more.")


class WrongCode(DomainError):
    """A code is shown once and leads to one offer."""

    code = "wrong_code"
    status = 404
    text = _("No offer waits under this code. Check it with whoever gave it to you.")


class AlreadyWaiting(DomainError):
    """A member has one place in a list."""

    code = "already_waiting"
    status = 409
    text = _("You have a place on this waiting list already; leave it to ask for another number.")


class SharesAreFree(DomainError):
    """Nobody waits for what can be bought."""

    code = "shares_are_free"
    status = 409
    text = _("%(possible)s shares can be bought right now; there is no need to wait.")


class NothingToSplit(DomainError):
    """A title is divided into at least two parts that are all of it."""

    code = "nothing_to_split"
    text = _("Give at least two parts of at least one share, %(units)s shares in all.")


class NotDeceased(DomainError):
    """An estate passes on after a death that is on the register."""

    code = "not_deceased"
    status = 409
    text = _("%(name)s is not recorded as deceased.")


class NoHeirs(DomainError):
    """An estate has at least one heir, each named once, with a part above zero."""

    code = "no_heirs"
    text = _("Name at least one heir, each once, with a part above zero.")


class NoEvidence(DomainError):
    """Nobody inherits on somebody's word."""

    code = "no_evidence"
    text = _("Write down what proves who the heirs are, and where it is kept.")


class NothingToInherit(DomainError):
    """An estate that holds nothing passes nothing on."""

    code = "nothing_to_inherit"
    status = 409
    text = _("This member holds no shares, no credit and no prepaid money.")


class WrongCapacity(DomainError):
    """What a planned thing yields names no resource, or nothing."""

    code = "wrong_capacity"
    text = _("Say what it will yield in a period: a known resource and an amount above zero.")


class CampaignOver(DomainError):
    """Nobody can pay ahead for what was bought, given up, or closed."""

    code = "campaign_over"
    status = 409
    text = _("“%(name)s” takes no more money: it is over. Nothing was booked.")


class BelowCampaignMinimum(DomainError):
    """Less than a campaign takes at once."""

    code = "below_campaign_minimum"
    text = _("The smallest payment is %(minimum)s cents.")


class BeyondGoal(DomainError):
    """More than the goal leaves."""

    code = "beyond_goal"
    status = 409
    text = _("The goal leaves %(left)s cents: pay that or less.")


class KeptForCampaigns(DomainError):
    """Money that was paid ahead for one thing buys no other."""

    code = "kept_for_campaigns"
    status = 409
    text = _(
        "The growth fund holds %(held)s cents, of which %(kept)s were paid ahead for something "
        "else or are owed to those who leave; this costs %(cost)s. Nothing was bought."
    )
