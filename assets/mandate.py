"""Who decides that an asset goes: the members, unless their rules leave it to the stewards."""

from assets.models import Asset
from assets.services.steps import ORDERED, RETIRED, SOLD
from members.mandates import require_mandate

RULE = "retirement_by_vote"


def require_word(asset: Asset, to: str) -> None:
    """Refuse to retire or sell what only a vote may; raises DecidedByVote.

    That something is lost is a fact, which stewards record; an order that never came into its
    pool is only called off.
    """
    called_off = asset.state == ORDERED and asset.txn_id is None
    if to in (RETIRED, SOLD) and not called_off:
        require_mandate(RULE)
