"""Which form each typed action is proposed with; and the one that is about a node."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

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
    "approve_budget": BudgetForm,
    "set_policy": PolicyForm,
    "acquire_asset": AcquireForm,
    "admit_member": AdmitMemberForm,
    "suspend_member": AgainstMemberForm,
    "expel_member": AgainstMemberForm,
    "value_contribution": ContributionForm,
    "write_off_debt": WriteOffForm,
    "confirm_quarantine": NodeForm,
    "release_node": NodeForm,
    "revoke_node": NodeForm,
    "resolution": ProposalForm,
}
