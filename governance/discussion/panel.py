"""What this room shows on the page of a decision."""

from typing import Any

from django.http import HttpRequest

from governance.models import Proposal
from members.models import Member


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty where it has nothing to say."""
    return {}
