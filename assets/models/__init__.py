"""Tables of what is owned together: pools, capacity, costs, physical assets."""

from assets.models.register import (
    Asset,
    CapacityChange,
    CostLine,
    Pool,
    Resource,
)

__all__ = [
    "Asset",
    "CapacityChange",
    "CostLine",
    "Pool",
    "Resource",
]
