"""What the register of assets refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class GrowthFundTooSmall(DomainError):
    """An acquisition costs more than the growth fund holds."""

    code = "growth_fund_too_small"
    status = 409
    text = _("The growth fund of %(pool)s holds %(held)s cents; this costs %(cost)s. Nothing done.")


class WrongWeights(DomainError):
    """A cost line's weights name no resource, or not whole numbers."""

    code = "wrong_weights"
    text = _("Weights are whole numbers above zero, one per resource, e.g. bandwidth: 3.")


class CodeTaken(DomainError):
    """A pool or resource with this code exists with other content."""

    code = "code_taken"
    status = 409
    text = _("The code %(code)s is taken.")


class NotDepreciated(DomainError):
    """Only what serves in a pool can be written off."""

    code = "not_depreciated"
    status = 409
    text = _("%(name)s is not in service in a pool: only what serves is written off.")


class PlanTooEarly(DomainError):
    """What was written off stands."""

    code = "plan_too_early"
    status = 409
    text = _("What was written off up to %(day)s stands: let the new plan begin then or later.")


class AlreadyDisposed(DomainError):
    """An asset leaves the books once."""

    code = "already_disposed"
    status = 409
    text = _("%(name)s left the books before, on another day or for another sum.")


class BillEntered(DomainError):
    """A supplier's number stands for one bill."""

    code = "bill_entered"
    status = 409
    text = _("Bill %(number)s of %(supplier)s was entered before, with other facts.")


class BelowDepreciation(DomainError):
    """The actual cost of a period holds what its assets lost."""

    code = "below_depreciation"
    text = _(
        "%(pool)s, %(resource)s: the actual cost holds %(amount)s cents of depreciation and "
        "cannot be less."
    )


class WrongStep(DomainError):
    """An asset cannot go from where it stands to where it was sent."""

    code = "wrong_step"
    status = 409
    text = _("%(asset)s is “%(state)s” now; it cannot become “%(wanted)s”. Nothing changed.")


class WrongDay(DomainError):
    """A day that lies ahead, or before what was written down last."""

    code = "wrong_day"
    text = _("Give a day from %(first)s up to today; what was written down before stays.")


class AlreadyPlaced(DomainError):
    """An asset is in its pool: it brings its shares once."""

    code = "already_placed"
    status = 409
    text = _("%(asset)s is in its pool already and has brought its shares.")


class NotInPool(DomainError):
    """An asset that nobody has taken into its pool cannot serve."""

    code = "not_in_pool"
    status = 409
    text = _("Take %(asset)s into its pool first: only what we own yields tokens.")


class CostsNothing(DomainError):
    """A gift without a price: there is nothing to book and no unit to create."""

    code = "costs_nothing"
    status = 409
    text = _("%(asset)s cost nothing and brings no shares. Put it in service as it is.")


class WrongValue(DomainError):
    """A residual value below nothing or above the cost."""

    code = "wrong_value"
    text = _("The residual value is from nothing up to the cost.")


class WrongCapacity(DomainError):
    """Capacity of a resource that is not known, or not a whole number."""

    code = "wrong_capacity"
    text = _("Capacity is given in whole thousandths of a token of a resource that we have.")


class CustodyOffered(DomainError):
    """Somebody was asked to keep the asset and has not answered."""

    code = "custody_offered"
    status = 409
    text = _("A member was asked to keep %(asset)s and has not answered. Withdraw that first.")


class CannotKeep(DomainError):
    """Only members with all rights keep things of the cooperative, and only what is still there."""

    code = "cannot_keep"
    status = 409
    text = _("Only an active member can keep an asset, and only one that we still have.")


class NotAsked(DomainError):
    """An answer to an offer that was made to somebody else, or is not open any more."""

    code = "not_asked"
    status = 409
    text = _("This was not asked of you, or it was answered before. Nothing changed.")


class NoCustodian(DomainError):
    """There is nobody who could give the asset back."""

    code = "no_custodian"
    status = 409
    text = _("Nobody keeps %(asset)s.")


class WrongFile(DomainError):
    """Bytes that are none of the kinds of file that are kept."""

    code = "wrong_file"
    text = _("Send a picture (JPEG, PNG, WebP) or a PDF. This file is neither, or it is broken.")


class FileTooLarge(DomainError):
    """A file beyond the bounds."""

    code = "file_too_large"
    status = 413
    text = _("A file may have %(megabytes)s MB and a picture %(megapixels)s megapixels.")


class FileInUse(DomainError):
    """A file on which a bill rests."""

    code = "file_in_use"
    status = 409
    text = _("A bill in the books rests on this file; it stays.")


class CorrectedBefore(DomainError):
    """An entry of upkeep that another one has replaced, or one of another asset."""

    code = "corrected_before"
    status = 409
    text = _("This entry was corrected before, or belongs to another asset.")


class EndsBeforeItBegins(DomainError):
    """A cost cannot end before its first day."""

    code = "ends_before_it_begins"
    text = _("This cost begins on %(since)s: let it end on that day or later.")


class ReserveTooSmall(DomainError):
    """A replacement costs more than the replacement reserve holds."""

    code = "reserve_too_small"
    status = 409
    text = _(
        "The replacement reserve of %(pool)s holds %(held)s cents; this costs %(cost)s. Nothing "
        "was booked."
    )


class NeedsDecision(DomainError):
    """The growth fund is what members invested: it buys by a passed decision only."""

    code = "needs_decision"
    status = 409
    text = _(
        "The growth fund buys by a passed decision only: propose it under Decisions. Nothing was "
        "booked."
    )
