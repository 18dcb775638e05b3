"""Every write of pools, capacity, costs and assets, by business subject."""

from assets.services.custody import answer_custody, give_back, offer_custody, withdraw_offer
from assets.services.depreciation import plan_depreciation, run_depreciation
from assets.services.disposal import dispose, enter_bill
from assets.services.ending import end_asset
from assets.services.files import add_file, remove_file, show_file
from assets.services.importing import Report, import_assets
from assets.services.life import (
    Facts,
    correct_facts,
    end_of_life,
    move_asset,
    put_in_service,
    register_asset,
    report_faulty,
    report_repaired,
    take_into_pool,
)
from assets.services.pools import (
    Details,
    add_cost_line,
    create_pool,
    create_resource,
    end_cost_line,
    place_asset,
    set_capacity,
)
from assets.services.upkeep import Work, log_upkeep

__all__ = [
    "Details",
    "Facts",
    "Report",
    "Work",
    "add_cost_line",
    "add_file",
    "answer_custody",
    "correct_facts",
    "create_pool",
    "create_resource",
    "dispose",
    "end_asset",
    "end_cost_line",
    "end_of_life",
    "enter_bill",
    "give_back",
    "import_assets",
    "log_upkeep",
    "move_asset",
    "offer_custody",
    "place_asset",
    "plan_depreciation",
    "put_in_service",
    "register_asset",
    "remove_file",
    "report_faulty",
    "report_repaired",
    "run_depreciation",
    "set_capacity",
    "show_file",
    "take_into_pool",
    "withdraw_offer",
]
