"""Tables of periods, token books, usage, gifts, the market and the close."""

from tokens.models.books import Book, RatingRun, Settlement, Usage
from tokens.models.gifts import Gift
from tokens.models.market import Ask, Auction, Bid, Offer
from tokens.models.periods import CloseStep, Period, TsTzRange, Yield

__all__ = [
    "Ask",
    "Auction",
    "Bid",
    "Book",
    "CloseStep",
    "Gift",
    "Offer",
    "Period",
    "RatingRun",
    "Settlement",
    "TsTzRange",
    "Usage",
    "Yield",
]
