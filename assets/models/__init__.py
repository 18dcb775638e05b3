"""Tables of what is owned together: pools, capacity, costs, physical assets."""

from assets.models.money import (
    Bill,
    Depreciation,
    DepreciationPlan,
    Disposal,
)
from assets.models.register import (
    CapacityChange,
    CostLine,
    Pool,
    Resource,
)
from assets.models.things import (
    Asset,
    AssetCustody,
    AssetEvent,
    AssetMove,
)
from assets.models.upkeep import (
    AssetFile,
    UpkeepEntry,
)

__all__ = [
    "Asset",
    "AssetCustody",
    "AssetEvent",
    "AssetFile",
    "AssetMove",
    "Bill",
    "CapacityChange",
    "CostLine",
    "Depreciation",
    "DepreciationPlan",
    "Disposal",
    "Pool",
    "Resource",
    "UpkeepEntry",
]
