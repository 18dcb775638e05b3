"""Tables of ownership: subscriptions, signed titles and their chain, credit, leaving."""

from titles.models.ownership import (
    Conversion,
    ConversionShare,
    CreditLot,
    Subscription,
    Title,
    TitleCounter,
    TitleLink,
)

__all__ = [
    "Conversion",
    "ConversionShare",
    "CreditLot",
    "Subscription",
    "Title",
    "TitleCounter",
    "TitleLink",
]
