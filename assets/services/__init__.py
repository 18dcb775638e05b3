"""Every write of pools, capacity, costs and assets, by business subject."""

from assets.services.pools import (
    Details,
    add_cost_line,
    create_pool,
    create_resource,
    place_asset,
    set_capacity,
)

__all__ = [
    "Details",
    "add_cost_line",
    "create_pool",
    "create_resource",
    "place_asset",
    "set_capacity",
]
