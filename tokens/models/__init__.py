"""Tables of periods, token books, usage, gifts, the market and the close."""

from tokens.models.books import Book, RatingRun, Settlement, Usage
from tokens.models.closing import BudgetApproval, CloseRun
from tokens.models.gifts import Gift
from tokens.models.late import Adjustment, LateCharge, OverageWish
from tokens.models.loans import Loan
from tokens.models.market import Ask, Auction, Bid, LeftOut, Offer
from tokens.models.periods import CloseStep, Period, TsTzRange, Yield
from tokens.models.vouchers import Voucher

__all__ = [
    "Adjustment",
    "Ask",
    "Auction",
    "Bid",
    "Book",
    "BudgetApproval",
    "CloseRun",
    "CloseStep",
    "Gift",
    "LateCharge",
    "LeftOut",
    "Loan",
    "Offer",
    "OverageWish",
    "Period",
    "RatingRun",
    "Settlement",
    "TsTzRange",
    "Usage",
    "Voucher",
    "Yield",
]
