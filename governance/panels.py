"""What the rooms show on the page of a decision, in the order of the page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from governance.backing.panel import panel as backing
from governance.consents.panel import panel as consents
from governance.delegations.panel import panel as delegations
from governance.discussion.panel import panel as discussion
from governance.lifecycle.panel import panel as lifecycle
from governance.models import Proposal
from governance.offices.panel import panel as offices
from governance.sealed.panel import panel as sealed
from members.models import Member

Panel = Callable[[HttpRequest, Proposal, Member | None], dict[str, Any]]
PANELS: dict[str, Panel] = {
    "backing": backing,
    "consents": consents,
    "lifecycle": lifecycle,
    "offices": offices,
    "sealed": sealed,
    "delegations": delegations,
    "discussion": discussion,
}


def panels_of(
    request: HttpRequest, proposal: Proposal, member: Member | None
) -> list[tuple[str, dict[str, Any]]]:
    """(template, context) of each room that has a panel on this page."""
    return [
        (f"governance/panels/{room}.html", panel(request, proposal, member))
        for room, panel in PANELS.items()
    ]
