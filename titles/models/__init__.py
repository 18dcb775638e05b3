"""Tables of ownership: subscriptions, signed titles and their chain, credit, leaving."""

from titles.models.campaigns import Campaign, Prepayment
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
from titles.models.papers import EarlierRedemption, ImportedFile, RegisterImport

__all__ = [
    "Campaign",
    "Contribution",
    "Conversion",
    "ConversionShare",
    "CreditLot",
    "EarlierRedemption",
    "ImportedFile",
    "Inheritance",
    "InheritanceShare",
    "Leaving",
    "Position",
    "Prepayment",
    "PurchaseDraft",
    "Redemption",
    "RedemptionRequest",
    "RedemptionRun",
    "RegisterImport",
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
