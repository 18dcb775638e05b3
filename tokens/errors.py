"""What the token economy refuses."""

from decimal import Decimal

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError
from payments.errors import cents_text


def in_tokens(millitokens: int) -> str:
    """Millitokens as people read them: tokens, in the reader's language."""
    return str(number_format((Decimal(millitokens) / 1000).normalize() + 0))


def rate_text(microcents: int) -> str:
    """Micro-cents per token as people read them: money per token, in the reader's language."""
    value = (Decimal(microcents) / 10**8).normalize() + 0
    places = max(2, -int(value.as_tuple().exponent))
    return f"{number_format(value, places)} {settings.COOP_CURRENCY}"


class PeriodStillOpen(DomainError):
    """A period can open only when the one before it is closed."""

    code = "period_still_open"
    status = 409
    text = _("Period %(code)s is not closed yet; close it first.")


class NoOpenPeriod(DomainError):
    """Nothing can be done with tokens while no period is open."""

    code = "no_open_period"
    status = 409
    text = _("No period is open at the moment.")


class PeriodNotOver(DomainError):
    """A period cannot be closed before its end, unless it is ended early on purpose."""

    code = "period_not_over"
    status = 409
    text = _("Period %(code)s runs until %(end)s. Tick “end it now” to end it early.")


class StepOutOfOrder(DomainError):
    """The steps of a close come one after the other."""

    code = "step_out_of_order"
    status = 409
    text = _("The next step of this close is “%(next)s”, not “%(asked)s”.")


class StepUnknown(DomainError):
    """A close has six steps, by name."""

    code = "step_unknown"
    text = _("A close has no step “%(asked)s”.")


class NothingToClose(DomainError):
    """Every step that was asked for is done."""

    code = "nothing_to_close"
    status = 409
    text = _("Nothing is left to do in the close of %(code)s.")


class BelowZero(DomainError):
    """Corrections cannot take back more than was used."""

    code = "usage_below_zero"
    text = _("This would take the usage of the period below zero. Nothing was booked.")


class ReasonMissing(DomainError):
    """A correction needs a reason."""

    code = "reason_missing"
    text = _("Say why the usage is corrected.")


class NotEnoughTokens(DomainError):
    """More own unused tokens are wanted than there are."""

    code = "not_enough_tokens"
    status = 409
    text = _("Only %(left)s own tokens are unused; %(asked)s were asked for.")

    def __init__(self, *, left: int, asked: int) -> None:
        self.left, self.asked = left, asked
        super().__init__(left=in_tokens(left), asked=in_tokens(asked))


class GiftToOneself(DomainError):
    """Giver and receiver are the same member."""

    code = "gift_to_oneself"
    text = _("A gift needs somebody else to receive it.")


class GiftDecided(DomainError):
    """The gift was accepted or declined before."""

    code = "gift_decided"
    status = 409
    text = _("This gift was decided before.")


class GiftCapReached(DomainError):
    """More of an issue would be given than the pool allows in a period."""

    code = "gift_cap_reached"
    status = 409
    text = _(
        "In this pool at most %(cap)s of your tokens may be given or lent in this period;"
        " %(possible)s more are possible."
    )

    def __init__(self, *, cap: int, possible: int) -> None:
        self.cap, self.possible = cap, possible
        super().__init__(cap=in_tokens(cap), possible=in_tokens(possible))


class LoanToOneself(DomainError):
    """Lender and borrower are the same member."""

    code = "loan_to_oneself"
    text = _("A loan needs somebody else to borrow.")


class LoanDecided(DomainError):
    """The loan was accepted, declined or withdrawn before."""

    code = "loan_decided"
    status = 409
    text = _("This loan was decided before.")


class NotLent(DomainError):
    """Nothing of the loan is outstanding."""

    code = "not_lent"
    status = 409
    text = _("Nothing of this loan is waiting to be returned.")


class NothingToReturn(DomainError):
    """The borrower has no unused tokens to return."""

    code = "nothing_to_return"
    status = 409
    text = _("You have no unused tokens of this kind at the moment. Nothing was returned.")


class BadReturnMoment(DomainError):
    """A loan must return after now, and within its period."""

    code = "bad_return_moment"
    text = _("A loan returns after now and before the period ends on %(end)s.")


class BadSlot(DomainError):
    """The slot of a voucher is empty, over, or not within the period."""

    code = "bad_slot"
    text = _("A voucher is good for a time that is not over and lies before %(end)s.")


class VoucherUsed(DomainError):
    """A node has presented the voucher."""

    code = "voucher_used"
    status = 409
    text = _("A node has honoured this voucher, so it cannot be given back.")


class VoucherOver(DomainError):
    """The slot of the voucher has ended."""

    code = "voucher_over"
    status = 409
    text = _("The time of this voucher is over; what was not used of it expires at the close.")


class BothSides(DomainError):
    """A member asks and bids in one auction."""

    code = "both_sides"
    text = _("A member cannot be on both sides of one auction, nor can accounts that count as one.")


class AuctionCleared(DomainError):
    """The auction takes nothing more."""

    code = "auction_cleared"
    status = 409
    text = _("This auction is over.")


class BidTooSmall(DomainError):
    """A bid is below the smallest size."""

    code = "bid_too_small"
    text = _("A bid is for at least %(size)s tokens.")

    def __init__(self, *, size: int) -> None:
        super().__init__(size=in_tokens(size))


class BidTooLarge(DomainError):
    """A bid would come to more than the books can hold."""

    code = "bid_too_large"
    text = _("This bid would come to more than the books can hold. Bid for less.")


class BidBelowPrice(DomainError):
    """A bid below the posted price would never be served."""

    code = "bid_below_price"
    text = _("A bid below the posted price of %(price)s is never served. Bid that, or more.")

    def __init__(self, *, price: int) -> None:
        self.price = price
        super().__init__(price=rate_text(price))


class AuctionStands(DomainError):
    """One auction at a time collects for the period to come."""

    code = "auction_stands"
    status = 409
    text = _("An auction of these tokens already collects for the coming period.")


class WrongMoment(DomainError):
    """An auction clears within its period; one for the coming period clears at its opening."""

    code = "wrong_moment"
    text = _(
        "An auction ends after now and not after its period; one for the coming period clears "
        "when that opens."
    )


class AuctionBeforePeriod(DomainError):
    """What collects for a period that has not opened cannot clear yet."""

    code = "auction_before_period"
    status = 409
    text = _("This auction collects for the coming period. It clears when that opens.")


class AuctionRuns(DomainError):
    """Members were told a later moment."""

    code = "auction_runs"
    status = 409
    text = _("This auction still runs. Say why it shall clear before its time.")


class UnknownYield(DomainError):
    """The pool does not yield the resource in this period."""

    code = "unknown_yield"
    text = _("This pool does not yield that resource in the open period.")


class BeyondCredit(DomainError):
    """More would be run up than the member's credit limit leaves room for."""

    code = "beyond_credit"
    status = 409
    text = _(
        "Your credit limit leaves room for %(room)s; this could cost %(cost)s. Pay what is open or "
        "pay ahead, then try again."
    )

    def __init__(self, *, room: int, cost: int) -> None:
        self.room, self.cost = max(0, room), cost
        super().__init__(room=cents_text(self.room), cost=cents_text(cost))


class OwnUse(DomainError):
    """Nobody corrects their own use, or that of an organisation which they stand for."""

    code = "own_use"
    status = 403
    text = _("This is your own use. Another steward corrects it.")


class NothingToCorrect(DomainError):
    """No period was open on that day in which the pool yields the resource, or the amount is 0."""

    code = "nothing_to_correct"
    text = _("Nothing can be corrected there: no period with this resource covers that day.")
