"""Which form each typed action is proposed with, and with what it starts."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from governance.access import proposal_for
from governance.action_forms.assets import RetireForm
from governance.action_forms.filling import form_values
from governance.action_forms.people import BylawsForm, EndOfficeForm, LiftForm, OfficeForm
from governance.action_forms.prices import IssuePriceForm, PoolForm, PriceRuleForm
from governance.actions import ACTIONS, Action, action_named
from governance.actions.base import Payload
from governance.forms import (
    AcquireForm,
    AdmitMemberForm,
    AgainstMemberForm,
    BudgetForm,
    ContributionForm,
    PolicyForm,
    PostedPriceForm,
    ProposalForm,
    WriteOffForm,
)
from governance.models import Proposal
from governance.offices.forms import ElectAuditorsForm, ElectStewardsForm
from metering.models import Node

ENDED = (Node.State.REVOKED, Node.State.RETIRED)


if TYPE_CHECKING:
    Choice = forms.ModelChoiceField[Node]
else:
    Choice = forms.ModelChoiceField


class NodeChoice(Choice):
    """A node by its label and its state."""

    def label_from_instance(self, obj: Node) -> str:
        """The label and the state in words."""
        return f"{obj.label} ({obj.get_state_display()})"


class NodeForm(ProposalForm):
    """Which node is decided about, and what stands in its history."""

    node = NodeChoice(
        label=_("Which node?"), queryset=Node.objects.exclude(state__in=ENDED), empty_label=None
    )
    reason = forms.CharField(
        label=_("Reason for the node’s history"),
        max_length=400,
        help_text=_("Everybody can read it there, so name no person."),
    )
    field_order = ("node", "reason", "title", "text", "key")

    def payload(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"node": str(data["node"].uuid), "reason": data["reason"].strip()}


PROPOSAL_FORMS: dict[str, type[ProposalForm]] = {
    "set_posted_price": PostedPriceForm,
    "set_price_rule": PriceRuleForm,
    "set_issue_price": IssuePriceForm,
    "open_subscriptions": PoolForm,
    "close_subscriptions": PoolForm,
    "approve_budget": BudgetForm,
    "set_policy": PolicyForm,
    "change_bylaws": BylawsForm,
    "acquire_asset": AcquireForm,
    "retire_asset": RetireForm,
    "admit_member": AdmitMemberForm,
    "suspend_member": AgainstMemberForm,
    "lift_suspension": LiftForm,
    "expel_member": AgainstMemberForm,
    "value_contribution": ContributionForm,
    "write_off_debt": WriteOffForm,
    "elect_stewards": ElectStewardsForm,
    "elect_auditors": ElectAuditorsForm,
    "grant_office": OfficeForm,
    "end_office": EndOfficeForm,
    "confirm_quarantine": NodeForm,
    "release_node": NodeForm,
    "revoke_node": NodeForm,
    "resolution": ProposalForm,
}

AREAS = {
    "prices": _("Prices and budgets"),
    "assets": _("Assets"),
    "members": _("Members"),
    "people": _("Offices"),
    "nodes": _("Nodes"),
    "rules": _("Rules"),
    "other": _("Everything else"),
}
"""the fields of decisions, in the order in which they are offered"""


def by_area() -> list[tuple[Promise, list[Action]]]:
    """What members propose by a form, by field; what only a petition brings is not among it."""
    proposed = [ACTIONS[key] for key in PROPOSAL_FORMS]
    groups = [(name, [a for a in proposed if a.area == key]) for key, name in AREAS.items()]
    return [(name, actions) for name, actions in groups if actions]


def opposite_of(proposal: Proposal) -> tuple[str, Payload] | None:
    """The action and payload that would undo what a proposal has carried out; None where none."""
    if proposal.state != Proposal.State.EXECUTED:
        return None
    execution = proposal.execution
    return action_named(proposal.action).opposite(execution.before, execution.effects)


def starting_values(request: HttpRequest, action: str) -> dict[str, Any]:
    """What a form starts with: what the page that leads here names, or the opposite of a vote.

    `opposite_of` in the address is the number of the vote; Http404 where the reader may not see
    it. The key of a draft is never given.
    """
    named: dict[str, Any] = {name: request.GET[name] for name in request.GET if name != "key"}
    number = named.pop("opposite_of", "")
    if not number.isdecimal():
        return named
    found = opposite_of(proposal_for(request, int(number)))
    return named if found is None or found[0] != action else named | form_values(*found)
