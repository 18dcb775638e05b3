"""Tables of ownership: subscriptions, signed titles and their chain, credit, leaving."""

from titles.models.exit import (
    Contribution,
    Leaving,
    Redemption,
    RedemptionRequest,
    RedemptionRun,
    SellDown,
    SellDownStep,
    WriteOff,
)
from titles.models.moves import (
    Inheritance,
    InheritanceShare,
    Position,
    PurchaseDraft,
    Transfer,
    WaitingPlace,
)
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
    "Contribution",
    "Conversion",
    "ConversionShare",
    "CreditLot",
    "Inheritance",
    "InheritanceShare",
    "Leaving",
    "Position",
    "PurchaseDraft",
    "Redemption",
    "RedemptionRequest",
    "RedemptionRun",
    "SellDown",
    "SellDownStep",
    "Subscription",
    "Title",
    "TitleCounter",
    "TitleLink",
    "Transfer",
    "WaitingPlace",
    "WriteOff",
]
