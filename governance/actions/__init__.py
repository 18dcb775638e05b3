"""Typed actions: all that a passed vote can do. Nothing else can do these things by vote (R16)."""

from governance.actions.base import Action, Effect
from governance.actions.parameters import SetPolicy
from governance.actions.posted_price import SetPostedPrice
from governance.actions.resolution import Resolution
from governance.errors import UnknownAction

ACTIONS: dict[str, Action] = {a.key: a for a in (SetPostedPrice(), SetPolicy(), Resolution())}

__all__ = ["ACTIONS", "Action", "Effect", "action_named"]


def action_named(key: str) -> Action:
    """The action of this key; raises UnknownAction."""
    if key not in ACTIONS:
        raise UnknownAction(action=key)
    return ACTIONS[key]
