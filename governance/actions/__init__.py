"""Typed actions: all that a passed vote can do. Nothing else can do these things by vote (R16)."""

from governance.actions.acquire_asset import AcquireAsset
from governance.actions.admit_member import AdmitMember
from governance.actions.approve_budget import ApproveBudget
from governance.actions.base import Action, Effect
from governance.actions.bylaws import ChangeBylaws
from governance.actions.expel_member import ExpelMember, SuspendMember
from governance.actions.issue_price import SetIssuePrice
from governance.actions.lift_suspension import LiftSuspension
from governance.actions.nodes import ConfirmQuarantine, ReleaseNode, RevokeNode
from governance.actions.offices import (
    ElectAuditors,
    ElectStewards,
    RecallAuditor,
    RecallSteward,
)
from governance.actions.offices_given import EndOffice, GrantOffice
from governance.actions.parameters import SetPolicy
from governance.actions.posted_price import SetPostedPrice
from governance.actions.price_rule import SetPriceRule
from governance.actions.resolution import Resolution
from governance.actions.retire_asset import RetireAsset
from governance.actions.subscriptions import CloseSubscriptions, OpenSubscriptions
from governance.actions.value_contribution import ValueContribution
from governance.actions.write_off_debt import WriteOffDebt
from governance.errors import UnknownAction

ACTIONS: dict[str, Action] = {
    a.key: a
    for a in (
        SetPostedPrice(),
        SetPriceRule(),
        SetIssuePrice(),
        OpenSubscriptions(),
        CloseSubscriptions(),
        ApproveBudget(),
        SetPolicy(),
        ChangeBylaws(),
        AcquireAsset(),
        RetireAsset(),
        AdmitMember(),
        SuspendMember(),
        LiftSuspension(),
        ExpelMember(),
        ValueContribution(),
        WriteOffDebt(),
        ElectStewards(),
        ElectAuditors(),
        RecallSteward(),
        RecallAuditor(),
        GrantOffice(),
        EndOffice(),
        ConfirmQuarantine(),
        ReleaseNode(),
        RevokeNode(),
        Resolution(),
    )
}

__all__ = ["ACTIONS", "Action", "Effect", "action_named"]


def action_named(key: str) -> Action:
    """The action of this key; raises UnknownAction."""
    if key not in ACTIONS:
        raise UnknownAction(action=key)
    return ACTIONS[key]
