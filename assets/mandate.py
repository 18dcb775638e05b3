"""Who decides that an asset goes: the members, unless their rules leave it to the stewards."""

from typing import Any

from django import forms

from assets.models import Asset
from assets.services.steps import LOST, ORDERED, RETIRED, SOLD
from members.mandates import Mandate, mandate, require_mandate

RULE = "retirement_by_vote"


def require_word(asset: Asset, to: str) -> None:
    """Refuse to retire or sell what only a vote may; raises DecidedByVote.

    That something is lost is a fact, which stewards record; an order that never came into its
    pool is only called off.
    """
    if to in (RETIRED, SOLD) and not is_called_off(asset):
        require_mandate(RULE)


def is_called_off(asset: Asset) -> bool:
    """Whether its end would only call off an order."""
    return asset.state == ORDERED and asset.txn_id is None


def narrow(form: forms.Form, asset: Asset) -> Mandate:
    """Leave in the form of an end what a steward may record of this asset; the rule behind it."""
    found = mandate(RULE)
    if found.by_vote and not is_called_off(asset):
        to: Any = form.fields["to"]
        to.choices = [(value, label) for value, label in to.choices if value == LOST]
        to.initial = LOST
        del form.fields["proceeds"]
    return found
